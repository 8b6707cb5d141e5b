import type { enDecision } from "./en-decision.ts";

export const zhDecision: typeof enDecision = {
  pick: "点击图中的时刻，查看当时为何有这么多实例。▲ 表示变化。",
  why: (time) => `${time} 时的实例数从何而来`,
  details: "为什么",
  wanted: "期望实例数",
  ready: "当时就绪",
  stable: "稳定窗口负载",
  panic: "突增窗口负载",
  target: "每实例目标",
  recommended: "最大票数",
  bounds: "上下限",
  spare: "突增余量",
  strategy: "策略",
  asked: "要求实例数",
  won: "采纳",
  votes: (version) => `各策略的要求：${version}`,
  noVotes: "没有询问任何策略：该决策直接由原因得出。",
  held: (from, until) => (from === until ? `决策于 ${from}。` : `决策于 ${from}，持续确认至 ${until}。`),
  panicking: "处于突增模式。",
  units: { concurrency: "并发", rps: "请求/秒" },
};
