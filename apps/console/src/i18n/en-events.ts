/** What happened to an app; which versions are kept; finding people, operations and domains. */
export const enEvents = {
  events: {
    title: "Events",
    filter: "Which events",
    kinds: {
      all: "All",
      operation: "Operations",
      release: "Releases",
      scaling: "Scaling",
      cluster: "Cluster",
      change: "Changes",
      alert: "Alerts",
    },
    none: "Nothing has happened here yet.",
    noneOf: "Nothing of this kind has happened here.",
    times: (n: number) => `${n} times`,
  },
  kept: {
    title: "Which versions are kept",
    text: "What serves, what could be rolled back to and what is pinned stays in any case.",
    last: "The newest so many of each app",
    days: "And all that are younger than so many days",
    save: "Save what is kept",
    pin: "Pin it",
    unpin: "Take the pin off",
    pinned: (by: string) => `Pinned by ${by}: it is kept whatever the policy says.`,
    notPinned: "It is kept as long as the environment's policy says.",
  },
};
