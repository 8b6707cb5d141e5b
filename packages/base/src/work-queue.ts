import { backoffDelay, type BackoffPolicy } from "./backoff.ts";
import type { Clock, Timer } from "./clock.ts";
import type { Logger } from "./log.ts";

/** client-go's item limiter starts at 5 ms; a minute's ceiling keeps a broken object from being forgotten. */
const DEFAULT_BACKOFF: BackoffPolicy = { base: 5, max: 60_000, factor: 2 };

export interface WorkQueueOptions {
  name: string;
  clock: Clock;
  log: Logger;
  /** How many keys are handled at once; one key never twice at once. */
  workers?: number;
  backoff?: BackoffPolicy;
  /** Handles one key. Throwing puts the key back with back-off; resolving forgets its failures. */
  handle(key: string): Promise<void>;
}

/**
 * A level-triggered queue of keys, after client-go's workqueue.
 *
 * Invariants: a key waiting is there once; a key added while it is handled is handled again afterwards; no key is handled twice at
 * once; `stop` resolves after the handlers under way have ended, and nothing is started after that.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #backoff: BackoffPolicy;
  readonly #ready = new Set<string>();
  readonly #active = new Set<string>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { due: number; timer: Timer }>();
  readonly #failures = new Map<string, number>();
  #idleWaiters: (() => void)[] = [];
  #stopped = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#backoff = options.backoff ?? DEFAULT_BACKOFF;
  }

  add(key: string): void {
    if (this.#stopped) return;
    if (this.#active.has(key)) this.#again.add(key);
    else this.#ready.add(key);
    this.#pump();
  }

  /** Adds the key after `delay` milliseconds; of several pending delays of one key, the earliest counts. */
  addAfter(key: string, delay: number): void {
    if (this.#stopped) return;
    if (delay <= 0) return this.add(key);
    const due = this.#options.clock.monotonic() + delay;
    const pending = this.#delayed.get(key);
    if (pending && pending.due <= due) return;
    pending?.timer.cancel();
    const timer = this.#options.clock.after(delay, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { due, timer });
  }

  /** Resolves when no key is waiting or being handled (delayed ones do not count). */
  async idle(): Promise<void> {
    while (this.#ready.size > 0 || this.#active.size > 0) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#ready.clear();
    this.#again.clear();
    await this.idle();
  }

  #pump(): void {
    const workers = this.#options.workers ?? 1;
    for (const key of this.#ready) {
      if (this.#active.size >= workers) return;
      this.#ready.delete(key);
      this.#active.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#options.handle(key);
      this.#failures.delete(key);
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const delay = backoffDelay(this.#backoff, failures);
      this.#options.log.warn({ queue: this.#options.name, key, failures, delay, error }, "will be tried again");
      this.addAfter(key, delay);
    }
    this.#active.delete(key);
    if (this.#again.delete(key)) this.add(key);
    else this.#pump();
    if (this.#ready.size === 0 && this.#active.size === 0) {
      const waiters = this.#idleWaiters;
      this.#idleWaiters = [];
      for (const wake of waiters) wake();
    }
  }
}
