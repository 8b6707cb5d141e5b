import type { Clock, Timer } from "@ebb/base";

/** Something with deadlines. `expire` is called about every period while it is watched, with the monotonic time. */
export interface Expiring {
  /** Where the sweep has it; -1 while it is not watched. Written by the sweep alone. */
  watchIndex: number;
  expire(now: number): void;
}

/**
 * Deadlines for many at the price of one timer: a timer for each request would cost more than the request's whole bookkeeping. Deadlines
 * are met late by up to `period`, never early. Nothing is armed while nothing is watched, so that an idle gateway sleeps.
 *
 * The watched are an array in which each knows its place. In a Set, whose tables point to their successors, requests that are long done
 * would stay alive from one collection of old memory to the next.
 */
export class Sweep {
  readonly #clock: Clock;
  readonly #period: number;
  readonly #watched: Expiring[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock, period: number) {
    this.#clock = clock;
    this.#period = period;
  }

  watch(item: Expiring): void {
    if (item.watchIndex >= 0) return;
    item.watchIndex = this.#watched.push(item) - 1;
    this.#timer ??= this.#clock.every(this.#period, () => this.#run());
  }

  unwatch(item: Expiring): void {
    const { watchIndex } = item;
    if (watchIndex < 0) return;
    item.watchIndex = -1;
    const last = this.#watched.pop();
    if (!last || last === item) return;
    this.#watched[watchIndex] = last;
    last.watchIndex = watchIndex;
  }

  stop(): void {
    for (const item of this.#watched) item.watchIndex = -1;
    this.#watched.length = 0;
    this.#disarm();
  }

  #run(): void {
    const now = this.#clock.monotonic();
    // From the end, as one that leaves is replaced by the last, which has been asked already.
    for (let index = this.#watched.length - 1; index >= 0; index--) this.#watched[index]?.expire(now);
    if (this.#watched.length === 0) this.#disarm();
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
