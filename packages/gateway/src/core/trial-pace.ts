/** How often an instance that starts is tried: what has little to boot accepts within a few milliseconds, and of those one more is much. */
const FASTEST = 1;
const FASTEST_FOR = 20;
const FAST = 3;
const FAST_FOR = 2000;
const SLOW = 20;
const SLOWEST = 100;
/** Beside others that wait, each is tried so much less often: all share some 300 tries a second in a worker, as each takes time from the programs that boot. */
const FOR_EACH_OTHER = 1000 / 300;

/** Milliseconds until the next try of one that was first tried `since` milliseconds ago, while requests wait in so many backends. */
export function trialPause(since: number, waiting: number): number {
  const wanted = since < FASTEST_FOR ? FASTEST : since < FAST_FOR ? FAST : SLOW;
  return Math.max(wanted, Math.min(SLOWEST, Math.ceil((waiting - 1) * FOR_EACH_OTHER)));
}
