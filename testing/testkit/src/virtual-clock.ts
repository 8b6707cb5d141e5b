import type { Clock, Timer } from "@ebb/base";

interface Pending {
  due: number;
  order: number;
  period?: number;
  callback: () => void;
}

/** A clock that moves only when told to. `advance` runs each due callback in order and lets promises settle between them. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #origin: number;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
    this.#origin = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#origin;
  }

  after(delay: number, callback: () => void): Timer {
    return this.#schedule({ due: this.#now + Math.max(0, delay), order: this.#order++, callback });
  }

  every(period: number, callback: () => void): Timer {
    return this.#schedule({ due: this.#now + period, order: this.#order++, period, callback });
  }

  /** Timers waiting, for tests that nothing leaks. */
  get pending(): number {
    return this.#pending.size;
  }

  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (;;) {
      const next = [...this.#pending].filter((entry) => entry.due <= end).sort((a, b) => a.due - b.due || a.order - b.order)[0];
      if (!next) break;
      this.#now = next.due;
      if (next.period === undefined) this.#pending.delete(next);
      else next.due += next.period;
      next.callback();
      await settle();
    }
    this.#now = end;
  }

  #schedule(entry: Pending): Timer {
    this.#pending.add(entry);
    return { cancel: () => this.#pending.delete(entry) };
  }
}

/** Lets everything that is ready run: a turn of the event loop after the microtasks. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
