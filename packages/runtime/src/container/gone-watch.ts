import type { Clock, Timer } from "@ebb/base";

/** Between two looks, milliseconds. A look at a process costs a microsecond. */
const PERIOD = 50;

/** Tells when processes of this machine are gone, without being their parent. One timer for all; none while nobody waits. */
export class GoneWatch {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when there is no process of that number. */
  gone(pid: number): Promise<void> {
    let waiting = this.#waiting.get(pid);
    if (!waiting) {
      waiting = Promise.withResolvers<void>();
      this.#waiting.set(pid, waiting);
      this.#timer ??= this.#clock.every(PERIOD, () => this.#look());
    }
    return waiting.promise;
  }

  /** Nobody is told any more. */
  close(): void {
    this.#waiting.clear();
    this.#stop();
  }

  #look(): void {
    for (const [pid, { resolve }] of this.#waiting) {
      if (isThere(pid)) continue;
      this.#waiting.delete(pid);
      resolve();
    }
    if (this.#waiting.size === 0) this.#stop();
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** The engine has no way to end a command; where it runs on this machine and as root, the kernel has. */
export function killIfOurs(pid: number | undefined): void {
  if (!pid) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself, or belongs to a user who is not us.
  }
}
