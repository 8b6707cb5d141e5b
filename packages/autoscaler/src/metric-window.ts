/** Upstream rounds averages to so many digits, so that sums of floats that cancel out are zero again. */
const DIGITS = 1e6;
const BUCKET = 1000;

/**
 * One measure in buckets of a second, after knative's aggregation.TimedFloat64Buckets. Times are milliseconds of a monotonic clock.
 *
 * Invariants: an average over a window divides by the seconds since the first sample while those are fewer than the window's (a partial
 * window); seconds without a sample count as 0; a whole window without one forgets everything, so that the next burst is not averaged
 * with an old silence. Holds memory only while there are samples within the window.
 */
export class MetricWindow {
  readonly #window: number;
  readonly #buckets = new Map<number, number>();
  #first = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** `window`: milliseconds, whole seconds. */
  constructor(window: number) {
    this.#window = Math.max(1, Math.round(window / BUCKET));
  }

  /** Adds to the bucket of `time`. Samples older than the window are ignored. */
  record(time: number, value: number): void {
    const second = Math.floor(time / BUCKET);
    if (second <= this.#last - this.#window) return;
    if (second - this.#last >= this.#window) {
      this.#buckets.clear();
      this.#first = second;
    }
    this.#first = Math.min(this.#first, second);
    this.#last = Math.max(this.#last, second);
    this.#buckets.set(second, (this.#buckets.get(second) ?? 0) + value);
    this.#prune(this.#last);
  }

  /** The mean per second over the last `window` milliseconds (default: all of it), rounded to six digits. */
  average(now: number, window?: number): number {
    // The second under way has not been reported yet: it counts only if it has.
    const second = Math.max(Math.floor(now / BUCKET) - 1, this.#last);
    const length = window === undefined ? this.#window : Math.max(1, Math.round(window / BUCKET));
    if (this.isEmpty(now)) return 0;
    let total = 0;
    for (const [at, value] of this.#buckets) if (at > second - length) total += value;
    const seconds = Math.min(length, second - this.#first + 1);
    return Math.round((total / seconds) * DIGITS) / DIGITS;
  }

  /** Whether no sample lies within the window. */
  isEmpty(now: number): boolean {
    return Math.floor(now / BUCKET) - this.#last >= this.#window;
  }

  #prune(second: number): void {
    for (const at of this.#buckets.keys()) if (at <= second - this.#window) this.#buckets.delete(at);
  }
}
