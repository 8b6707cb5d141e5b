import type { Clock } from "@ebb/base";

/** So many at once, and so many a second in the long run: nghttp2's bounds for resets are 1000 and 33. */
const BURST = 1000;
const PER_SECOND = 100;

/**
 * Counts what a peer does that costs us more than it costs the peer, and that nobody who means well does often: streams opened and reset at once
 * (CVE-2023-44487), empty frames, changes of settings.
 */
export class Budget {
  readonly #clock: Pick<Clock, "monotonic">;
  #left = BURST;
  #at: number;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** False when it is used up. */
  take(): boolean {
    if (this.#left < 1) this.#refill();
    this.#left--;
    return this.#left >= 0;
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    this.#left = Math.min(BURST, this.#left + ((now - this.#at) / 1000) * PER_SECOND);
    this.#at = now;
  }
}
