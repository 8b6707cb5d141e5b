import type { enEvents } from "./en-events.ts";

export const zhEvents: typeof enEvents = {
  events: {
    title: "事件",
    filter: "哪些事件",
    kinds: { all: "全部", operation: "操作", release: "发布", scaling: "伸缩", cluster: "集群", change: "变更", alert: "告警" },
    none: "这里还没有发生任何事。",
    noneOf: "没有此类事件。",
    times: (n) => `${n} 次`,
  },
  kept: {
    title: "保留哪些版本",
    text: "正在服务的、可回滚到的和已固定的版本始终保留。",
    last: "每个应用最新的若干个",
    days: "以及若干天之内的全部版本",
    save: "保存保留策略",
    pin: "固定",
    unpin: "取消固定",
    pinned: (by) => `由 ${by} 固定：无论策略如何都会保留。`,
    notPinned: "按环境的策略保留。",
  },
};
