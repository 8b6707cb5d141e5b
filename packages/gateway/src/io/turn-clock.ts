import type { Clock, Timer } from "@ebb/base";

/**
 * A clock that is looked at once for everything that one event of a connection brings about, which takes microseconds: looking costs as much as
 * much of the work itself, and a request would do it ten times.
 *
 * Invariant: outside of a turn it tells the time itself; a turn that is forgotten is impossible, as `HandleWire` ends it in `finally`.
 */
export class TurnClock implements Clock {
  readonly #clock: Clock;
  #turn = -1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(): void {
    this.#turn = this.#clock.monotonic();
  }

  end(): void {
    this.#turn = -1;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#turn < 0 ? this.#clock.monotonic() : this.#turn;
  }

  after(delay: number, callback: () => void): Timer {
    return this.#clock.after(delay, callback);
  }

  every(period: number, callback: () => void): Timer {
    return this.#clock.every(period, callback);
  }
}
