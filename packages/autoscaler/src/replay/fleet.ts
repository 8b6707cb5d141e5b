import type { Idle } from "../strategies/parse-policy.ts";

/** Seconds from the order to readiness, by what an instance was before. */
export interface StartTimes {
  cold: number;
  prepared: number;
  frozen: number;
}

export interface FleetOptions {
  starts: StartTimes;
  idle: Idle;
  now: number;
  /** Ready from the beginning. */
  instances: number;
}

export interface FleetTotals {
  instanceSeconds: number;
  keptSeconds: number;
  peak: number;
  starts: Record<keyof StartTimes, number>;
  longestWakeSeconds: number;
}

/** Instances as they would be: each is ready a start time after it was ordered, and gone as soon as it is not wanted. Times in seconds. */
export class Fleet {
  readonly #starts: StartTimes;
  readonly #idle: Idle;
  #now: number;
  #ready: number;
  /** When those that start will be ready, soonest first. */
  #starting: number[] = [];
  #kept = false;
  readonly #totals: FleetTotals;

  constructor({ starts, idle, now, instances }: FleetOptions) {
    this.#starts = starts;
    this.#idle = idle;
    this.#now = now;
    this.#ready = instances;
    this.#totals = {
      instanceSeconds: 0,
      keptSeconds: 0,
      peak: instances,
      starts: { cold: 0, prepared: 0, frozen: 0 },
      longestWakeSeconds: 0,
    };
  }

  get ready(): number {
    return this.#ready;
  }

  nextReady(): number | undefined {
    return this.#starting[0];
  }

  advance(until: number): void {
    const running = this.#ready + this.#starting.length;
    this.#totals.instanceSeconds += running * (until - this.#now);
    if (this.#kept || this.#idle === "prepared") this.#totals.keptSeconds += until - this.#now;
    this.#now = until;
    while ((this.#starting[0] ?? Infinity) <= until) {
      this.#starting.shift();
      this.#ready++;
    }
  }

  /** `waited`: requests wait for the first of them. */
  scale(desired: number, waited: boolean): void {
    while (this.#ready + this.#starting.length < desired) this.#start(waited && this.#ready + this.#starting.length === 0);
    while (this.#ready + this.#starting.length > desired) {
      if (this.#starting.length > 0) this.#starting.pop();
      else {
        this.#ready--;
        if (desired === 0 && this.#ready === 0) this.#kept = this.#idle === "frozen";
      }
    }
    this.#totals.peak = Math.max(this.#totals.peak, desired);
  }

  totals(): FleetTotals {
    return this.#totals;
  }

  #start(awaited: boolean): void {
    // A prepared one is made anew in its turn; a frozen one is gone until one can be frozen again.
    const from = this.#kept ? "frozen" : this.#idle === "prepared" ? "prepared" : "cold";
    this.#kept = false;
    this.#totals.starts[from]++;
    if (awaited) this.#totals.longestWakeSeconds = Math.max(this.#totals.longestWakeSeconds, this.#starts[from]);
    this.#starting.push(this.#now + this.#starts[from]);
    this.#starting.sort((a, b) => a - b);
  }
}
