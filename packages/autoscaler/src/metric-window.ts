/** Upstream cuts averages after so many digits, so that sums of floats that cancel out are zero again. */
const DIGITS = 1e6;
const BUCKET = 1000;
/** Weights of the exponential average: they sum up to all but this (upstream's constant is exact, 1 - 0.9999 is not), and none decays more slowly than the least coefficient. */
const WEIGHT_LEFT = 0.0001;
const LEAST_COEFFICIENT = 0.2;

/** `weighted-exponential` makes recent seconds count for more (annotation metric-aggregation-algorithm). */
export type Aggregation = "linear" | "weighted-exponential";

/**
 * One measure in buckets of a second: knative's aggregation.TimedFloat64Buckets, and its WeightedFloat64Buckets, operation by operation,
 * so that averages are the same to the last bit. Times are milliseconds of a monotonic clock.
 *
 * Invariants: an average divides by the seconds between the first and the last sample while those are fewer than the window's (a partial
 * window); seconds after the last sample are left out of it, not counted as 0: who observes silence records a 0. A whole window without a
 * sample forgets everything. Holds no memory before its first sample.
 */
export class MetricWindow {
  readonly #aggregation: Aggregation;
  /** Length in buckets, which are seconds. */
  #length: number;
  /** A ring by second; sums of what was recorded in each. */
  #buckets: Float64Array | undefined;
  #total = 0;
  #first: number | undefined;
  #last = Number.NEGATIVE_INFINITY;

  /** `window`: milliseconds; counted in whole seconds, rounded up. */
  constructor(window: number, aggregation: Aggregation = "linear") {
    this.#length = lengthOf(window);
    this.#aggregation = aggregation;
  }

  /** Adds to the bucket of `time`. Samples older than the window are ignored. */
  record(time: number, value: number): void {
    const second = Math.floor(time / BUCKET);
    const buckets = (this.#buckets ??= new Float64Array(this.#length));
    if (second !== this.#last) {
      if (second + this.#length <= this.#last) return;
      if (this.#first === undefined || this.#first > second) this.#first = second;
      if (second > this.#last) {
        if (second - this.#last >= this.#length) this.#restart(buckets, second);
        else this.#clear(buckets, second);
        this.#last = second;
      }
    }
    const at = second % this.#length;
    buckets[at] = (buckets[at] ?? 0) + value;
    this.#total += value;
  }

  /** The mean per second at `now`, cut after six digits (the weighted one is not cut). */
  average(now: number): number {
    const buckets = this.#buckets;
    const second = Math.floor(now / BUCKET);
    const silent = Math.max(0, second - this.#last);
    if (!buckets || this.#first === undefined) return 0;
    if (this.#aggregation === "weighted-exponential") return this.#weighted(buckets, silent);
    if (silent >= this.#length) return 0;
    let total = this.#total;
    for (let at = this.#last + 1; at <= second; at++) total -= buckets[at % this.#length] ?? 0;
    const seconds = Math.min(this.#last - this.#first + 1, this.#length - silent);
    return Math.floor((total / seconds) * DIGITS) / DIGITS;
  }

  /** Whether no sample lies within the window. */
  isEmpty(now: number): boolean {
    return Math.floor(now / BUCKET) - this.#last > this.#length;
  }

  /** Takes another length, in milliseconds, and keeps the samples that fit into it. */
  resize(window: number, now: number): void {
    const length = lengthOf(window);
    if (length === this.#length) return;
    const old = this.#buckets;
    const oldLength = this.#length;
    const kept = old !== undefined && Math.floor(now / BUCKET) - this.#last <= oldLength;
    this.#length = length;
    this.#total = 0;
    this.#buckets = old && new Float64Array(length);
    this.#first = kept ? this.#last - oldLength + 1 : undefined;
    if (!kept || !this.#buckets) return;
    for (let index = 0; index < Math.min(length, oldLength); index++) {
      const second = this.#last - index;
      const value = old[ring(second, oldLength)] ?? 0;
      this.#buckets[ring(second, length)] = value;
      this.#total += value;
    }
  }

  #restart(buckets: Float64Array, second: number): void {
    this.#first = second;
    this.#total = 0;
    buckets.fill(0);
  }

  /** Seconds that were skipped hold what was recorded a window ago. */
  #clear(buckets: Float64Array, until: number): void {
    for (let at = this.#last + 1; at <= until; at++) {
      this.#total -= buckets[at % this.#length] ?? 0;
      buckets[at % this.#length] = 0;
    }
  }

  #weighted(buckets: Float64Array, silent: number): number {
    if (silent > this.#length) return 0;
    const coefficient = Math.max(1 - WEIGHT_LEFT ** (1 / this.#length), LEAST_COEFFICIENT);
    let weight = coefficient * (1 - coefficient) ** silent;
    let average = 0;
    for (let index = 0; index < this.#length - silent; index++) {
      average += (buckets[ring(this.#last - index, this.#length)] ?? 0) * weight;
      weight *= 1 - coefficient;
    }
    return average;
  }
}

function lengthOf(window: number): number {
  return Math.max(1, Math.ceil(window / BUCKET));
}

/** The place of a second in the ring, also of one before the clock began. */
function ring(second: number, length: number): number {
  return ((second % length) + length) % length;
}
