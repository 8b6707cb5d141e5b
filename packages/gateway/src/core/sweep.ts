import type { Clock, Timer } from "@ebb/base";

/** Something with deadlines. `expire` is called about every period while it is watched, with the monotonic time. */
export interface Expiring {
  expire(now: number): void;
}

/**
 * Deadlines for many at the price of one timer: a timer for each request would cost more than the request's whole bookkeeping. Deadlines
 * are met late by up to `period`, never early. Nothing is armed while nothing is watched, so that an idle gateway sleeps.
 */
export class Sweep {
  readonly #clock: Clock;
  readonly #period: number;
  readonly #watched = new Set<Expiring>();
  #timer: Timer | undefined;

  constructor(clock: Clock, period: number) {
    this.#clock = clock;
    this.#period = period;
  }

  watch(item: Expiring): void {
    this.#watched.add(item);
    this.#timer ??= this.#clock.every(this.#period, () => this.#run());
  }

  unwatch(item: Expiring): void {
    this.#watched.delete(item);
  }

  stop(): void {
    this.#watched.clear();
    this.#disarm();
  }

  #run(): void {
    const now = this.#clock.monotonic();
    for (const item of this.#watched) item.expire(now);
    if (this.#watched.size === 0) this.#disarm();
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
