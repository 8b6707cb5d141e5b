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
  mirror: {
    title: "请求副本的应答",
    none: (app) => `没有复制请求。开始：ebb mirror ${app} --to VERSION --percent 10`,
    running: (percent, methods) => `${methods}的 ${percent} % 被复制到`,
    methods: { safe: "不做更改的请求", all: "所有请求" },
    stop: "停止复制",
    against: (to, from) => `${to} 对比 ${from}`,
    compared: "已比较",
    status: "状态不同",
    size: "大小不同",
    leftOut: "未比较",
    firstByte: (version) => `${version} 首字节，p50 / p95`,
    differ: "应答不同的请求",
    request: "请求",
    broken: "中断",
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
