/** One decision of the autoscaler. */
export const enScaling = {
  decision: {
    pick: "Click on a moment to see why there were as many instances then. ▲ is a change.",
    why: (time: string) => `Why as many at ${time}`,
    details: "Why",
    wanted: "Wanted",
    ready: "Ready then",
    stable: "Load, stable window",
    panic: "Load, panic window",
    target: "Aimed at per instance",
    recommended: "Largest vote",
    bounds: "Bounds",
    spare: "Room for a burst",
    strategy: "Strategy",
    asked: "Asked for",
    won: "decided",
    votes: (version: string) => `What each strategy asked for: ${version}`,
    noVotes: "No strategy was asked: this followed from the cause alone.",
    held: (from: string, until: string) => (from === until ? `Decided ${from}.` : `Decided ${from}, confirmed until ${until}.`),
    panicking: "In panic mode.",
    units: { concurrency: "at once", rps: "req/s" } as Readonly<Record<string, string>>,
  },
};
