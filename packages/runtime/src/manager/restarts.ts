import { backoffDelay, type Clock, type Timer } from "@ebb/base";
import type { InstanceExit } from "../port.ts";
import { CRASH_BACKOFF, FIRST_RESTART, FORGIVEN_AFTER } from "./explain.ts";

/** When a program that ended, or could not be started, is started again: at once the first time, and ever later while it goes on. */
export class Restarts {
  /** How often it was started again. */
  count = 0;
  readonly #clock: Clock;
  #failures = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** It ended; one that had run for long begins anew. */
  ended({ finishedAt }: InstanceExit, startedAt: number): void {
    if (finishedAt - startedAt >= FORGIVEN_AFTER) this.#failures = 0;
    this.count++;
  }

  get waits(): boolean {
    return this.#timer !== undefined;
  }

  again(start: () => void): void {
    this.#failures++;
    const delay = this.#failures <= 1 ? FIRST_RESTART : backoffDelay(CRASH_BACKOFF, this.#failures - 1);
    this.#timer = this.#clock.after(delay, () => {
      this.#timer = undefined;
      start();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
