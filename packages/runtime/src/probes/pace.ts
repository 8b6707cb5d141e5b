/** A program's readiness is to be noticed within 5 ms: a try each 3, and what the try itself and the timer take. */
const FAST = 3;
/** What was prepared, or has little to boot, answers within this: of a wake that takes six milliseconds, two more are much. */
const FASTEST = 1;
const FASTEST_FOR = 20;
/** Beside others that start, each is asked so much less often: all share some 400 tries a second, as each takes time from the programs. Who has requests for one tries for itself. */
const FOR_EACH_OTHER = 1000 / 400;
/** And none is asked less often for that. */
const CROWDED = 100;
/** One that somebody else tries, who has requests for it, is asked so seldom: none of them waits for what is found here. */
const SELDOM = 250;
/** Beside others so much less often, and at the least. */
const SELDOM_FOR_EACH_OTHER = 20;
const SELDOMEST = 1000;
/** What has not answered for so long is not about to. */
const FAST_FOR = 2000;
const SLOWER = 20;
const SLOWER_FOR = 10_000;
/** Knative's interval. */
const SLOWEST = 50;

/** How often programs that start are asked whether they are ready; one for all that run on a machine. */
export class ProbePace {
  #starting = 0;

  /** One more is being asked; call the answer once when it is no longer. */
  enter(): () => void {
    this.#starting++;
    let left = false;
    return () => {
      if (!left) this.#starting--;
      left = true;
    };
  }

  /** How many are being asked. */
  get starting(): number {
    return this.#starting;
  }

  /** Milliseconds until the next try of one that was first asked `since` milliseconds ago. */
  interval(since: number): number {
    const wanted = since < FASTEST_FOR ? FASTEST : since < FAST_FOR ? FAST : since < SLOWER_FOR ? SLOWER : SLOWEST;
    return Math.max(wanted, Math.min(CROWDED, (this.#starting - 1) * FOR_EACH_OTHER));
  }

  /** The same of one that is tried by those whose requests wait for it, and until it is asked first. */
  get seldom(): number {
    return Math.max(SELDOM, Math.min(SELDOMEST, this.#starting * SELDOM_FOR_EACH_OTHER));
  }
}
