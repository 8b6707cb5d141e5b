import type { Clock } from "@ebb/base";
import { refuse } from "../errors.ts";

/** Keys remembered at once; a flood of more than these is let in to the (constant-time) checks again. */
const MOST_KEYS = 10_000;

/** Counts failures by key (an address, a user's name) and refuses the key for the rest of the period once there were too many. */
export class FailureLimit {
  readonly #seen = new Map<string, { count: number; until: number }>();
  readonly #options: { clock: Clock; most: number; period: number; message: string };

  constructor(options: { clock: Clock; most: number; period: number; message: string }) {
    this.#options = options;
  }

  /** Throws `too_many_failures`. */
  require(key: string): void {
    const { clock, most, message } = this.#options;
    const seen = this.#seen.get(key);
    if (seen && seen.until <= clock.now()) this.#seen.delete(key);
    else if (seen && seen.count >= most) throw refuse("too_many_failures", message);
  }

  /** Throws `too_many_failures` when there were too many before this one. */
  failed(key: string): void {
    this.require(key);
    const { clock, period } = this.#options;
    if (this.#seen.size >= MOST_KEYS) this.#seen.clear();
    const seen = this.#seen.get(key) ?? { count: 0, until: clock.now() + period };
    seen.count++;
    this.#seen.set(key, seen);
  }

  /** Takes back one that turned out well: attempts are counted before they are checked, so that many at once are no way around. */
  succeeded(key: string): void {
    const seen = this.#seen.get(key);
    if (seen && seen.count > 0) seen.count--;
  }
}
