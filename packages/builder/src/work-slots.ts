/** Numbers 0 … n-1, each held by one at a time; who waits longest is served next. */
export class WorkSlots {
  readonly #free: number[];
  readonly #waiting: ((slot: number) => void)[] = [];

  constructor(count: number) {
    this.#free = Array.from({ length: count }, (_, index) => index);
  }

  /** The lowest free number; waits for one, or rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const slot = this.#free.shift();
      if (slot !== undefined) return resolve(slot);
      const next = (freed: number) => {
        signal.removeEventListener("abort", leave);
        resolve(freed);
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(next), 1);
        reject(signal.reason);
      };
      this.#waiting.push(next);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  give(slot: number): void {
    const next = this.#waiting.shift();
    if (next) return next(slot);
    this.#free.push(slot);
    this.#free.sort((a, b) => a - b);
  }
}
