import type { Clock } from "@ebb/base";
import { refuse } from "../errors.ts";

/** Keys remembered at once; a flood of more than these is let in to the (constant-time) checks again. */
const MOST_KEYS = 10_000;

/** To whoever counts the same elsewhere. */
type Tell = (key: string, by: 1 | -1) => void;

/** Counts failures by key (an address, a user's name) and refuses the key for the rest of the period once there were too many. */
export class FailureLimit {
  readonly #seen = new Map<string, { count: number; until: number }>();
  readonly #options: { clock: Clock; most: number; period: number; message: string; tell?: Tell };

  constructor(options: { clock: Clock; most: number; period: number; message: string; tell?: Tell }) {
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
    this.add(key, 1);
    this.#options.tell?.(key, 1);
  }

  /** Takes back one that turned out well: attempts are counted before they are checked, so that many at once are no way around. */
  succeeded(key: string): void {
    this.add(key, -1);
    this.#options.tell?.(key, -1);
  }

  /** Counts what has been checked, here or by another. */
  add(key: string, by: 1 | -1): void {
    const { clock, period } = this.#options;
    const known = this.#seen.get(key);
    if (known && known.until <= clock.now()) this.#seen.delete(key);
    if (by === -1 && !this.#seen.has(key)) return;
    if (this.#seen.size >= MOST_KEYS) this.#seen.clear();
    const seen = this.#seen.get(key) ?? { count: 0, until: clock.now() + period };
    seen.count = Math.max(0, seen.count + by);
    this.#seen.set(key, seen);
  }
}
