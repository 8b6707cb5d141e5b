import type { enBar } from "./en-bar.ts";

export const zhBar: typeof enBar = {
  appBar: {
    otherApp: "切换应用",
    partsOf: (group) => `${group}的各部分`,
    groups: {
      overview: "概览",
      traffic: "流量",
      versions: "版本",
      logs: "日志",
      scaling: "伸缩",
      config: "配置",
      activity: "动态",
      settings: "设置",
    },
    parts: {
      overview: "概览",
      split: "分流与规则",
      releases: "发布",
      requests: "请求",
      guard: "限流与访问",
      domains: "域名",
      try: "试一试",
      versions: "全部版本",
      promote: "晋级",
      lines: "实时日志",
      terminal: "终端",
      decisions: "伸缩决策",
      scalingPolicy: "策略与假设",
      coldStarts: "冷启动",
      config: "配置",
      events: "事件",
      operations: "操作记录",
      settings: "设置",
    },
  },
};
