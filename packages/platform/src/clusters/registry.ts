import { causeChain, type Clock, type Logger, type Runnable, type Timer } from "@ebb/base";
import type { ClusterFleet } from "../cluster/port.ts";
import type { Database } from "../database/database.ts";
import type { Vault } from "../secrets/vault.ts";
import { ingressOf, listClusters, openCredentials, type ClusterRow } from "./store.ts";

/** For what another platform on the same database has added or removed; our own changes are followed at once. */
const PERIOD = 15_000;

export interface RegistryOptions {
  db: Database;
  vault: Vault;
  fleet: ClusterFleet;
  clock: Clock;
  log: Logger;
}

/** Watches the clusters that the database names, besides the one that the platform was started with. */
export class ClusterRegistry implements Runnable {
  readonly name = "cluster registry";
  readonly #options: RegistryOptions;
  /** What each was connected with. */
  readonly #known = new Map<string, ClusterRow>();
  #timer: Timer | undefined;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.refresh();
    this.#timer = this.#options.clock.every(PERIOD, () => {
      void this.refresh().catch((error: unknown) =>
        this.#options.log.warn({ causes: causeChain(error) }, "the clusters cannot be read; they are read again"),
      );
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#refreshing.catch(() => undefined);
  }

  /** Resolves once what the database has is watched, and nothing else. One after the other. */
  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.catch(() => undefined).then(() => this.#refresh());
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const { db, vault, fleet, log } = this.#options;
    const rows = await listClusters(db);
    for (const name of this.#known.keys()) {
      if (rows.some((row) => row.name === name)) continue;
      this.#known.delete(name);
      await fleet.disconnect(name);
    }
    for (const row of rows) {
      const known = this.#known.get(row.name);
      if (known?.sealed === row.sealed && known.ingress === row.ingress) continue;
      this.#known.set(row.name, row);
      try {
        await fleet.connect(row.name, { credentials: await openCredentials(vault, row), ingress: ingressOf(row.ingress) });
      } catch (error) {
        // Of this cluster alone: the others' apps are none the worse for it.
        log.error({ cluster: row.name, causes: causeChain(error) }, "the credentials of a cluster cannot be used");
        await fleet.disconnect(row.name);
      }
    }
  }
}
