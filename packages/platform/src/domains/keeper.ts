import { causeChain, type Random, type Runnable, type Timer } from "@ebb/base";
import { DatabaseUnavailable } from "../database/postgres.ts";
import type { Deps } from "../deploy/context.ts";
import { lookAtDomain } from "./look.ts";
import { dueDomains, findDomain, leaseDomain, updateDomain } from "./store.ts";

const PERIOD = 1000;
/** A look that has not ended by then was cut off: every question in it has a shorter limit of its own. */
const LEASE = 120_000;
/** They mostly wait for others. */
const AT_ONCE = 4;

/**
 * Looks after custom domains: each when it is due, one look at a time, also with several platforms on one database. What is under way when the
 * platform is stopped is gone on with by the next one.
 */
export class DomainKeeper implements Runnable {
  readonly name = "custom domains";
  readonly #deps: Deps & { random: Random };
  readonly #owner: string;
  readonly #looking = new Map<string, Promise<void>>();
  /** Looks that begin when the one under way has ended. */
  readonly #next = new Map<string, Promise<void>>();
  #timer: Timer | undefined;
  #ticking: Promise<void> | undefined;

  readonly #exclusive: boolean;

  /** `exclusive`: no other platform is on the database, so that leases from before are nobody's. */
  constructor(deps: Deps & { random: Random }, { exclusive }: { exclusive: boolean }) {
    this.#deps = deps;
    this.#exclusive = exclusive;
    this.#owner = deps.random.uuid();
  }

  async start(): Promise<void> {
    const { db, clock } = this.#deps;
    if (this.#exclusive) await db.updateTable("domains").set({ lease_until: 0 }).execute();
    this.#timer = clock.every(PERIOD, () => void this.tick());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.idle();
  }

  /** Begins to look at what is due; resolves when it has begun. */
  tick(): Promise<void> {
    this.#ticking ??= this.#begin()
      .catch((error: unknown) => {
        // That is told once, by the database's monitor, and not each second.
        if (!(error instanceof DatabaseUnavailable))
          this.#deps.log.error({ causes: causeChain(error) }, "domains cannot be looked after; trying again");
      })
      .finally(() => (this.#ticking = undefined));
    return this.#ticking;
  }

  /** Resolves when it has been looked at from now on, whoever looked before; at once where another platform is doing so. */
  look(name: string): Promise<void> {
    const present = this.#looking.get(name);
    if (present) {
      const next = this.#next.get(name) ?? present.then(() => (this.#next.delete(name), this.look(name)));
      this.#next.set(name, next);
      return next;
    }
    const looking = this.#look(name)
      .catch((error: unknown) => this.#deps.log.error({ domain: name, causes: causeChain(error) }, "a domain cannot be looked after"))
      .finally(() => this.#looking.delete(name));
    this.#looking.set(name, looking);
    return looking;
  }

  /** Resolves when all that was under way here has ended. */
  async idle(): Promise<void> {
    await this.#ticking;
    while (this.#looking.size + this.#next.size > 0) await Promise.all([...this.#looking.values(), ...this.#next.values()]);
  }

  async #begin(): Promise<void> {
    const { db, clock } = this.#deps;
    const room = AT_ONCE - this.#looking.size;
    if (room <= 0) return;
    for (const name of await dueDomains(db, clock.now(), room)) if (!this.#looking.has(name)) void this.look(name);
  }

  async #look(name: string): Promise<void> {
    const { db, clock } = this.#deps;
    const now = clock.now();
    const row = await leaseDomain(db, name, { owner: this.#owner, now, until: now + LEASE });
    if (!row) return;
    try {
      await lookAtDomain(this.#deps, row);
    } finally {
      const present = await findDomain(db, name);
      if (present?.lease_owner === this.#owner) await updateDomain(db, present, { lease_until: 0 });
    }
  }
}
