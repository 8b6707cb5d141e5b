import { setImmediate as nextTurn } from "node:timers/promises";
import { WorkQueue, type Clock, type Logger } from "@ebb/base";
import { isStatus } from "@ebb/kube";

/** The copy was behind the server; by then the watch has caught up. */
const STALE_RETRY = 20;
/** In a crowd, what is only told of waits so much longer for each other that waits, and no longer than that: some programs want the same cores meanwhile. */
const FOR_EACH_OTHER = 20;
const CROWDED = 1000;
/** What waits until nobody's program boots is looked at so often, and at the latest after this: a crowd of fifty takes two cores for as long. */
const LOOK = 250;
const LATEST = 2000;
/** Objects at once: each waits for its writes, and those of one turn of the event loop go to the disk together. */
const WORKERS = 32;

export interface ControllerOptions {
  name: string;
  clock: Clock;
  log: Logger;
  /** Whether programs boot that requests wait for, and that want the same cores. */
  inRush?: () => boolean;
  /** Brings one object nearer to what is desired; safe to call at any time. Returns after how many milliseconds to be called again, if so. */
  reconcile(key: string): Promise<number | void>;
}

/**
 * A work queue whose reconciler may meet stale copies: those are tried again quietly, and an object that is gone is no failure.
 * Closed until `open`: what is added before waits, as nothing may be decided before everything is known.
 *
 * A reconcile begins in a later turn of the event loop than what asked for it, and than the end of the one before: by then the copies have all
 * that one commit of the store has changed, own writes among it. Otherwise each of a Service's children would be a reconcile of its own, of which
 * many would be refused as stale.
 */
export class Controller {
  readonly #queue: WorkQueue;
  #waiting: Set<string> | undefined = new Set();
  /** To be handed to the queue in the next turn. */
  readonly #next = new Set<string>();
  /** Those that wait since `addLater`, until when they may (monotonic) if the cores are wanted. */
  readonly #later = new Map<string, number>();
  readonly #clock: Clock;
  readonly #inRush: () => boolean;

  constructor({ name, clock, log, reconcile, inRush = () => false }: ControllerOptions) {
    this.#clock = clock;
    this.#inRush = inRush;
    const logger = log.child({ controller: name });
    this.#queue = new WorkQueue({
      name,
      clock,
      log: logger,
      workers: WORKERS,
      handle: async (key) => {
        if (this.#stepsBack(key)) return this.#queue.addAfter(key, LOOK);
        this.#later.delete(key);
        try {
          const again = await reconcile(key);
          if (again !== undefined) this.#queue.addAfter(key, again);
        } catch (error) {
          if (isStatus(error, "NotFound")) return logger.debug({ key, error }, "it is gone");
          if (!isStatus(error, "Conflict") && !isStatus(error, "AlreadyExists")) throw error;
          logger.debug({ key, error }, "the copy was stale");
          this.#queue.addAfter(key, STALE_RETRY);
        } finally {
          await nextTurn();
        }
      },
    });
  }

  /** Without a key: nothing to do. */
  add(key: string | undefined, delay = 0): void {
    if (key === undefined) return;
    this.#later.delete(key);
    if (this.#waiting) return void this.#waiting.add(key);
    if (delay > 0) return this.#queue.addAfter(key, delay);
    if (this.#next.size === 0) void nextTurn().then(() => this.#handOver());
    this.#next.add(key);
  }

  /**
   * For changes that come close upon each other, and that nobody waits for: what comes within `delay`, or longer beside many others, is looked at once.
   * What is only a record steps back behind programs that boot, too.
   */
  addLater(key: string, delay: number, record = false): void {
    if (this.#waiting) return void this.#waiting.add(key);
    const wait = Math.max(delay, Math.min(CROWDED, delay + this.#later.size * FOR_EACH_OTHER));
    if (wait <= 0) return this.add(key);
    const now = this.#clock.monotonic();
    const until = this.#later.get(key) ?? now + LATEST;
    this.#later.set(key, record ? until : now);
    this.#queue.addAfter(key, wait);
  }

  #stepsBack(key: string): boolean {
    return this.#clock.monotonic() < (this.#later.get(key) ?? 0) && this.#inRush();
  }

  open(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const key of waiting) this.#queue.add(key);
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
  }

  #handOver(): void {
    const keys = [...this.#next];
    this.#next.clear();
    for (const key of keys) this.#queue.add(key);
  }
}
