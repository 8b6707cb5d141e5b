import { hash32 } from "./hash.ts";

/** Sets of four places: 64 Ki buckets in half a mebibyte. */
const SETS = 16 * 1024;
const WAYS = 4;
/** Of 64 bits: who it is for, and behind it when the bucket is full again, microseconds since EPOCH (until 2061). */
const TAG_BITS = 14n;
const TIME_BITS = 64n - TAG_BITS;
const TIME_MASK = (1n << TIME_BITS) - 1n;
const EPOCH = Date.UTC(2026, 0, 1);

export interface Bucket {
  /** Microseconds until one more request is allowed. */
  interval: number;
  /** Requests that may come at once. */
  burst: number;
}

/**
 * Token buckets by key, in memory that all workers share. A bucket is one number, the time at which it is full again (the generic cell rate
 * algorithm, ITU-T I.371), changed by compare-and-swap: no request is counted twice or forgotten.
 *
 * Bounded whatever the number of keys: of those that fall into one set, the one nearest to full makes room, which errs in favour of whoever
 * asks. Two keys in a few thousand of one set share a bucket.
 */
export class RateTable {
  readonly memory: SharedArrayBuffer;
  readonly #cells: BigUint64Array;

  constructor(memory = new SharedArrayBuffer(SETS * WAYS * BigUint64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cells = new BigUint64Array(memory);
  }

  /** Takes one from the bucket of `key` at `now` (milliseconds since 1970). Returns 0, or in how many milliseconds there will be one. */
  take(key: string, { interval, burst }: Bucket, now: number): number {
    const { set, tag } = placeOf(key);
    const micros = Math.max(0, (now - EPOCH) * 1000);
    for (;;) {
      const at = this.#find(set, tag);
      const cell = Atomics.load(this.#cells, at);
      // Another one's, or fuller than full: a new bucket. A clock that was set back must not lock anybody out.
      const known = cell >> TIME_BITS === tag ? Number(cell & TIME_MASK) : 0;
      const full = Math.max(micros, Math.min(known, micros + interval * burst));
      const wait = full + interval - (micros + interval * burst);
      // A microsecond is lost in the rounding.
      if (wait > 1) return Math.ceil(wait / 1000);
      const next = (tag << TIME_BITS) | (BigInt(Math.round(full + interval)) & TIME_MASK);
      if (Atomics.compareExchange(this.#cells, at, cell, next) === cell) return 0;
    }
  }

  /** Where the key's bucket is, or the place that it may take. */
  #find(set: number, tag: bigint): number {
    let emptiest = set;
    let least = -1n;
    for (let at = set; at < set + WAYS; at++) {
      const cell = Atomics.load(this.#cells, at);
      if (cell >> TIME_BITS === tag) return at;
      const time = cell & TIME_MASK;
      if (least < 0n || time < least) [emptiest, least] = [at, time];
    }
    return emptiest;
  }
}

function placeOf(key: string): { set: number; tag: bigint } {
  const set = (hash32(key, 0x9e3779b9) % SETS) * WAYS;
  // Never 0, which is nobody's.
  return { set, tag: BigInt(1 + (hash32(key, 0x85ebca6b) % ((1 << Number(TAG_BITS)) - 1))) };
}
