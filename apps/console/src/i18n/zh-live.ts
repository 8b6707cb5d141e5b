import type { enLive } from "./en-live.ts";

export const zhLive: typeof enLive = {
  title: "流量与实例",
  range: "时间范围",
  ranges: { "15m": "15 分钟", "1h": "1 小时", "24h": "24 小时", "7d": "7 天" },
  notRecorded: "此集群不为 Ebb 计数：其他 Knative 有自己的 Prometheus。",
  quiet: "这段时间没有请求，也没有实例运行。",
  requests: "请求",
  perSecond: "每秒",
  errorRate: "错误率",
  held: "等待实例",
  refused: "被网关拒绝",
  requestsTitle: "每秒请求数",
  errorsTitle: "错误占请求的百分比",
  latencyTitle: "响应时间",
  instancesTitle: "实例",
  instancesLabel: (now, most, marks) => `实例：末尾 ${now} 个，最多 ${most} 个，${marks} 个标记`,
  why: (version, count) => (count === 0 ? `${version} 休眠` : `${version}：需要 ${count} 个`),
  noDecision: "此前没有任何决策。",
  markDecision: "决策",
  markStart: "实例就绪",
  journal: "全部决策",
};
