/**
 * How many calls may be under way at once. Who waits is served in order; a wait ends with the caller's signal, so that webhooks which cause
 * each other's calls run into their timeouts and not into ever more calls.
 */
export class CallSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  /** Runs `call` in a slot. Rejects with the signal's reason if none becomes free in time. */
  async run<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const take = () => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    const leave = () => {
      this.#waiting.splice(this.#waiting.indexOf(take), 1);
      reject(signal.reason as Error);
    };
    this.#waiting.push(take);
    signal.addEventListener("abort", leave, { once: true });
    return promise;
  }
}
