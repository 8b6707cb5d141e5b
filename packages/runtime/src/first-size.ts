import type { Clock, Timer } from "@ebb/base";
import type { TerminalSize } from "./session-port.ts";

/**
 * Milliseconds that a command on a terminal waits for the terminal's size, which clients send behind their request: a program looks once, when it
 * starts. A few round trips around the world; a client that sends none waits that much longer.
 */
const PATIENCE = 500;

/** Starts something once its terminal's size is known, or nobody has told it in time. */
export class FirstSize {
  readonly #start: (size?: TerminalSize) => void;
  #late: Timer | undefined;

  constructor(clock: Clock, start: (size?: TerminalSize) => void) {
    this.#start = start;
    this.#late = clock.after(PATIENCE, () => this.#begin());
  }

  /** Whether it has started but now, with that size. */
  take(size: TerminalSize): boolean {
    if (!this.#late) return false;
    this.#begin(size);
    return true;
  }

  /** It is not to start any more. */
  cancel(): void {
    this.#late?.cancel();
    this.#late = undefined;
  }

  #begin(size?: TerminalSize): void {
    this.cancel();
    this.#start(size);
  }
}
