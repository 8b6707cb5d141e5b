import type { enTerminal } from "./en-terminal.ts";

export const zhTerminal: typeof enTerminal = {
  terminal: {
    title: "实例中的终端",
    intro: "终端以应用自己的用户、环境变量和限制运行，随本页面关闭而结束。审计记录谁在何处打开过终端，从不记录输入的内容。",
    instance: "实例",
    open: "打开终端",
    again: "再打开一个",
    close: "关闭",
    gone: "已结束",
    leave: "按 Shift + Esc 离开终端。",
    label: (instance) => `${instance} 的终端`,
    ended: (exit) => (exit === 0 ? "终端已结束。" : `终端已结束，退出码为 ${exit}。`),
    broken: "连接已中断或未能建立。可能是实例已结束，或您的会话已过期。",
    noShell: "没有 sh 的镜像无法打开终端；以进程方式运行的实例需要机器上有 script 程序（util-linux）。",
    asleep: "现在没有实例在运行：应用正在休眠，一个请求即可唤醒。",
    none: "现在没有实例在运行。",
    wake: "发送请求唤醒",
    forbidden: (env) => `打开终端的权限等同于部署：需要可部署到 ${env} 的角色。`,
    sameAs: "命令行方式：",
  },
  sending: {
    sent: (done, all) => `已发送 ${done} / ${all}`,
    storing: (_done, all) => `已发送 ${all}，平台正在保存……`,
    cancelled: "已取消：没有部署任何内容。",
  },
  timeline: {
    whole: "从源码到首次应答",
    until: "直至结束",
    logsOf: (version) => `${version} 的日志`,
    times: (n) => `同样的内容出现 ${n} 次`,
    again: "重新部署",
  },
};
