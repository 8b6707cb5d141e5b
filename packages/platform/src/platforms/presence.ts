import { causeChain, UserError, type Clock, type Logger, type Runnable, type Timer } from "@ebb/base";
import type { PlatformProcess } from "@ebb/api";
import type { Database } from "../database/database.ts";

const BEAT = 5000;
/** Three beats, and what clocks of two machines may differ by: then its operations are others' too. */
const ALIVE = 17_000;

export interface PresenceOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  /** Of this life: what operations name as the owner of their lease. */
  id: string;
  host: string;
  version: string;
  /** Of the data folder. */
  folder: string;
  startedAt: number;
  /** Of its REST API, once it listens. */
  address: () => string;
}

/** Tells the other platforms on this database that this one lives, and knows of them. */
export interface Presence extends Runnable {
  /** Throws UserError `data_folder_differs` when another that lives has other uploads and bundles. Before anything of this one works. */
  join(): Promise<void>;
  /** Those that live, this one among them, the oldest first. */
  list(): Promise<PlatformProcess[]>;
}

export function createPresence(options: PresenceOptions): Presence {
  const { db, clock, log, id, folder, version } = options;
  let timer: Timer | undefined;
  let beating: Promise<void> | undefined;
  const warned = new Set<string>();

  const others = async () => (await alive(db, clock.now())).filter((row) => row.id !== id);
  const beat = async () => {
    const now = clock.now();
    const row = { id, host: options.host, address: options.address(), version, folder, started_at: options.startedAt, seen_at: now };
    await db
      .insertInto("platforms")
      .values(row)
      .onConflict((conflict) => conflict.column("id").doUpdateSet({ address: row.address, seen_at: now }))
      .execute();
    await db
      .deleteFrom("platforms")
      .where("seen_at", "<", now - 2 * ALIVE)
      .execute();
    for (const other of await others()) {
      if (other.version === version || warned.has(other.id)) continue;
      warned.add(other.id);
      log.warn(
        { other: other.version, address: other.address, own: version },
        "another platform on this database has another version of Ebb",
      );
    }
  };
  // One that could not be told is told with the next: the monitor of the database says that it is away.
  const tick = () =>
    (beating ??= beat()
      .catch((error: unknown) => log.debug({ causes: causeChain(error) }, "other platforms could not be told of this one"))
      .finally(() => (beating = undefined)));

  return {
    name: "word of being there",
    async join() {
      const other = (await others()).find((row) => row.folder !== folder);
      if (!other) return;
      throw new UserError(
        "data_folder_differs",
        `The platform at ${other.address} on ${other.host} has another data folder than this one`,
        {
          hint: "Platforms on one database share it: mount that folder here under the same path, and name it with --data.",
        },
      );
    },
    async start() {
      // One that was killed here, and whose place this is.
      await db.deleteFrom("platforms").where("host", "=", options.host).where("address", "=", options.address()).execute();
      await beat();
      timer = clock.every(BEAT, () => void tick());
    },
    async stop() {
      timer?.cancel();
      await beating;
      await db
        .deleteFrom("platforms")
        .where("id", "=", id)
        .execute()
        // With the database away the row lapses by itself.
        .catch(() => undefined);
    },
    async list() {
      const rows = await alive(db, clock.now());
      const running = await db
        .selectFrom("operations")
        .select(({ fn }) => ["lease_owner", fn.countAll<number | string>().as("count")])
        .where("state", "=", "running")
        .groupBy("lease_owner")
        .execute();
      return rows.map((row) => ({
        host: row.host,
        address: row.address,
        version: row.version,
        startedAt: new Date(row.started_at).toISOString(),
        seenAt: new Date(row.seen_at).toISOString(),
        operations: Number(running.find(({ lease_owner }) => lease_owner === row.id)?.count ?? 0),
        answering: row.id === id,
      }));
    },
  };
}

async function alive(db: Database, now: number) {
  return db
    .selectFrom("platforms")
    .selectAll()
    .where("seen_at", ">", now - ALIVE)
    .orderBy("started_at")
    .orderBy("id")
    .execute();
}
