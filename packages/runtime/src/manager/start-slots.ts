import type { Clock } from "@ebb/base";

export interface StartSlotsOptions {
  clock: Clock;
  /** Starts at once. */
  limit: number;
  /** A start that takes longer gives its place away, milliseconds: a hanging engine must not hold up the others. */
  lease: number;
}

/** Bounds how many instances are being started at once; the waiting workloads take turns, so that one that wants fifty holds up nobody. */
export class StartSlots {
  readonly #options: StartSlotsOptions;
  readonly #waiting = new Map<string, (() => void)[]>();
  #taken = 0;

  constructor(options: StartSlotsOptions) {
    this.#options = options;
  }

  async run<T>(workload: string, task: () => Promise<T>): Promise<T> {
    await this.#take(workload);
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      this.#taken--;
      this.#next();
    };
    const lease = this.#options.clock.after(this.#options.lease, release);
    try {
      return await task();
    } finally {
      lease.cancel();
      release();
    }
  }

  #take(workload: string): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.#waiting.get(workload);
      if (queue) queue.push(resolve);
      else this.#waiting.set(workload, [resolve]);
      this.#next();
    });
  }

  #next(): void {
    for (const [workload, queue] of this.#waiting) {
      if (this.#taken >= this.#options.limit) return;
      // Behind the others, if it wants more.
      this.#waiting.delete(workload);
      const go = queue.shift();
      if (queue.length > 0) this.#waiting.set(workload, queue);
      if (!go) continue;
      this.#taken++;
      go();
    }
  }
}
