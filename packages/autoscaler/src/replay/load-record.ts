/** Seconds with requests kept of a revision: six hours of one that is always busy, days of one that mostly sleeps; a quarter of a MiB. */
const KEPT = 21_600;
const FIRST_SIZE = 64;
/** One for all: even an empty array weighs two hundred bytes. */
const NO_COUNTS = new Uint32Array(0);
const NO_WORK = new Float32Array(0);

/** What came within one second. */
export interface LoadSecond {
  /** Seconds since the epoch. */
  second: number;
  requests: number;
  /** Requests under way on average, those not counted that waited for an instance: what the application itself had to do. */
  work: number;
}

/**
 * The requests of one revision second by second, oldest first; those without any are not stored. What is too old makes room. Holds no memory
 * before the first request: most of thousands of revisions sleep.
 */
export class LoadRecord {
  readonly #most: number;
  #seconds = NO_COUNTS;
  #requests = NO_COUNTS;
  #work = NO_WORK;
  #start = 0;
  #count = 0;

  constructor(most = KEPT) {
    this.#most = most;
  }

  /** Seconds come in order; one that came already adds to it. */
  add({ second, requests, work }: LoadSecond): void {
    if (requests === 0 && work === 0) return;
    const last = this.#count > 0 ? this.#index(this.#count - 1) : 0;
    if (this.#count > 0 && (this.#seconds[last] ?? 0) >= second) {
      this.#requests[last] = (this.#requests[last] ?? 0) + requests;
      this.#work[last] = (this.#work[last] ?? 0) + work;
      return;
    }
    if (this.#count === this.#seconds.length && this.#count < this.#most) this.#grow();
    if (this.#count === this.#seconds.length) this.#start = this.#index(1);
    else this.#count++;
    const at = this.#index(this.#count - 1);
    this.#seconds[at] = second;
    this.#requests[at] = requests;
    this.#work[at] = work;
  }

  since(second: number): LoadSecond[] {
    const found: LoadSecond[] = [];
    for (let place = 0; place < this.#count; place++) {
      const at = this.#index(place);
      const own = this.#seconds[at] ?? 0;
      if (own >= second) found.push({ second: own, requests: this.#requests[at] ?? 0, work: this.#work[at] ?? 0 });
    }
    return found;
  }

  #index(place: number): number {
    return (this.#start + place + this.#seconds.length) % this.#seconds.length;
  }

  /** Only before the ring has turned: its start is 0. */
  #grow(): void {
    const size = Math.min(this.#most, Math.max(FIRST_SIZE, this.#seconds.length * 2));
    const grown = <T extends Uint32Array | Float32Array>(array: T, larger: T): T => {
      larger.set(array);
      return larger;
    };
    this.#seconds = grown(this.#seconds, new Uint32Array(size));
    this.#requests = grown(this.#requests, new Uint32Array(size));
    this.#work = grown(this.#work, new Float32Array(size));
  }
}
