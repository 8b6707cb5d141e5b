/** How often an instance that starts is tried: what has little to boot accepts within a few milliseconds, and of those one more is much. */
const FASTEST = 1;
const FASTEST_FOR = 20;
const FAST = 3;
const FAST_FOR = 2000;
const SLOW = 20;
const SLOWEST = 50;
/** Those of all backends that wait share so many a second. */
const BUDGET_PER_SECOND = 1000;

/** Milliseconds until the next try of one that was first tried `since` milliseconds ago, while requests wait in so many backends. */
export function trialPause(since: number, waiting: number): number {
  const wanted = since < FASTEST_FOR ? FASTEST : since < FAST_FOR ? FAST : SLOW;
  return Math.max(wanted, Math.min(SLOWEST, (waiting * 1000) / BUDGET_PER_SECOND));
}
