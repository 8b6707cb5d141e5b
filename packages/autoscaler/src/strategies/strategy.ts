/** One of the reasons to run instances; each votes for a count, and the largest vote wins within the bounds. */
export type Strategy =
  /** Knative's algorithm on requests at once. `target` per instance, aimed at in full; without one what the version says. */
  | { type: "concurrency"; target?: number }
  /** The same on requests a second. */
  | { type: "rps"; target?: number }
  /** Per cent of the CPU that an instance has (its request; a core when it has none), as HPA counts. */
  | { type: "cpu"; target: number }
  /** MiB that an instance uses on average. */
  | { type: "memory"; target: number }
  /** So many from each `start` until the next `end`: cron expressions on the clocks of `timezone` (IANA). */
  | { type: "cron"; start: string; end: string; timezone: string; replicas: number }
  /** `target` waiting events per instance. The number is stated here by whoever knows it, or read from `url`. */
  | { type: "lag"; target: number; lag: number }
  | { type: "lag"; target: number; url: string };

/** How a strategy is called where votes are shown. */
export function strategyName(strategy: Strategy): string {
  if (strategy.type === "cron") return `cron ${strategy.start} – ${strategy.end} ${strategy.timezone}`;
  return strategy.type === "lag" && "url" in strategy ? `lag of ${strategy.url}` : strategy.type;
}

/** Whether it may want instances while there is no traffic. */
export function wakesByItself({ type }: Strategy): boolean {
  return type === "cron" || type === "lag";
}
