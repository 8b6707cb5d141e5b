/** A shell in an instance; a deployment on its way. */
export const enTerminal = {
  terminal: {
    title: "A shell in an instance",
    intro:
      "It runs as the application does, with its user, environment and limits, and ends with this page. The trail keeps who opened one and where, never what is typed.",
    instance: "Instance",
    open: "Open a shell",
    again: "Open another",
    close: "Close it",
    gone: "gone",
    leave: "Shift + Esc leaves the terminal.",
    label: (instance: string) => `Terminal in ${instance}`,
    ended: (exit: number) => (exit === 0 ? "The shell has ended." : `The shell has ended with exit code ${exit}.`),
    broken: "The connection broke off, or there was none. The instance may have ended, or your session.",
    noShell: "An image without sh has no shell; one that runs as a process needs the program script (util-linux) on the machine.",
    asleep: "Nothing runs here now: the app is asleep. A request wakes it.",
    none: "Nothing runs here now.",
    wake: "Wake it with a request",
    forbidden: (env: string) => `A shell is as mighty as a deployment: it takes the role that may deploy to ${env}.`,
    sameAs: "The same from a command line:",
  },
  sending: {
    sent: (done: string, all: string) => `${done} of ${all} sent`,
    storing: (_done: string, all: string) => `${all} sent; the platform stores it …`,
    cancelled: "Cancelled: nothing was deployed.",
  },
  timeline: {
    whole: "From the source to its first answer",
    until: "Until it ended",
    logsOf: (version: string) => `The log of ${version}`,
    times: (n: number) => `the same ${n} times`,
    again: "Deploy again",
  },
};
