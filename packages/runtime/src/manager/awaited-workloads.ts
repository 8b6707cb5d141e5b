import type { Clock } from "@ebb/base";

/** It is said again each second while requests wait. */
const LASTS = 2000;

/** Workloads that requests wait for, by what the gateway says; those that wait there are not told of by anything else. */
export class AwaitedWorkloads {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(key: string): void {
    this.#until.set(key, this.#clock.monotonic() + LASTS);
  }

  has(key: string): boolean {
    this.#forget();
    return this.#until.has(key);
  }

  get any(): boolean {
    this.#forget();
    return this.#until.size > 0;
  }

  #forget(): void {
    const now = this.#clock.monotonic();
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key);
  }
}
