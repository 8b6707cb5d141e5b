import { causeChain, type Clock, type Logger, type Timer } from "@ebb/base";
import type { Database } from "../database/database.ts";
import { Cancelled } from "./failure.ts";
import { LeaseLost } from "./run.ts";
import { renewLease } from "./store.ts";

/** Milliseconds after which a lease that is not renewed lapses; the heartbeat leaves room for two that fail. */
export const LEASE = 15_000;
const HEARTBEAT = 5000;
/** One that failed is tried again sooner: the database may be back. */
const AGAIN = 1000;
/** Whoever could not renew stops this long before others may take over: their clocks may be ahead, and what is under way takes its time to end. */
const MARGIN = 3000;

export interface LeaseOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  lease: { id: string; owner: string };
  abort: AbortController;
  /** Nobody else could take it over: a database that is away for a while does not end the work. */
  exclusive: boolean;
}

/** Renews an operation's lease while it is worked on, and aborts the work when somebody has cancelled it or another may take it. */
export class LeaseKeeper {
  readonly #options: LeaseOptions;
  #next: Timer | undefined;
  #fence: Timer | undefined;
  #ended = false;
  #renewing = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#held();
    this.#plan(HEARTBEAT);
  }

  end(): void {
    this.#ended = true;
    this.#next?.cancel();
    this.#fence?.cancel();
  }

  /** Something of it has changed elsewhere. */
  look(): void {
    if (this.#ended || this.#renewing) return;
    this.#next?.cancel();
    void this.#renew();
  }

  #plan(delay: number): void {
    if (!this.#ended) this.#next = this.#options.clock.after(delay, () => void this.#renew());
  }

  /** Counted from before it was asked for: the answer may take long. */
  #held(since = this.#options.clock.monotonic()): void {
    const { clock, lease, abort, exclusive } = this.#options;
    this.#fence?.cancel();
    if (exclusive || this.#ended) return;
    this.#fence = clock.after(since + LEASE - MARGIN - clock.monotonic(), () => abort.abort(new LeaseLost(lease.id)));
  }

  async #renew(): Promise<void> {
    const { db, clock, log, lease, abort } = this.#options;
    const asked = clock.monotonic();
    this.#renewing = true;
    try {
      const row = await renewLease(db, lease, clock.now() + LEASE);
      if (!row) return abort.abort(new LeaseLost(lease.id));
      this.#held(asked);
      if (row.cancel_requested === 1 && row.committed === 0) abort.abort(new Cancelled());
      this.#plan(HEARTBEAT);
    } catch (error) {
      log.warn({ operation: lease.id, causes: causeChain(error) }, "a lease could not be renewed");
      this.#plan(AGAIN);
    } finally {
      this.#renewing = false;
    }
  }
}
