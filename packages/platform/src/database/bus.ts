import { backoffDelay, causeChain, Signal, type Clock, type Logger, type Runnable, type Timer } from "@ebb/base";
import { sql } from "kysely";
import type pg from "pg";
import type { Database, DatabaseOptions } from "./database.ts";
import { postgresClient } from "./postgres.ts";

/** What one platform tells the others on its database; never a secret, and nothing that is true only when it is heard. */
export type Notice =
  /** Of an operation something is new; empty: of any. */
  | { kind: "operation"; id: string; app: string }
  /** A sign-in that failed, or (`-1`) one counted before that did not. */
  | { kind: "attempt"; limit: string; key: string; by: 1 | -1 };

/**
 * Word between the platforms on one database. It is quick, not sure: notices are lost while a connection is broken, and whoever hears them reads
 * the database for what is so. After such a time `missed` says that anything may have been.
 */
export interface Bus extends Runnable {
  tell(notice: Notice): void;
  /** Of others only. */
  readonly heard: Signal<Notice>;
  readonly missed: Signal<void>;
}

export interface BusOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  /** Unique for this platform's life. */
  id: string;
}

/** SQLite has one platform, and nobody to tell. */
export function createBus(database: DatabaseOptions, options: BusOptions): Bus {
  if (database.kind === "postgres") return new PostgresBus(database.url, options);
  const nothing = () => Promise.resolve();
  return {
    name: "word to other platforms",
    tell: () => undefined,
    heard: new Signal(),
    missed: new Signal(),
    start: nothing,
    stop: nothing,
  };
}

const CHANNEL = "ebb";
/** A burst is told at once. */
const GATHER = 25;
/** PostgreSQL takes 8000 bytes; the longest of ours has some 350. */
const MOST_AT_ONCE = 20;
/** What waits for a database that is away: everybody reads anew when it is back. */
const MOST_WAITING = 1000;
const RECONNECT = { base: 250, max: 5000, factor: 2 };
/** A connection that was cut on the way is silent for ever: it is asked now and then. */
const PROBE = 20_000;

/** By LISTEN and NOTIFY, on a connection of its own. */
class PostgresBus implements Bus {
  readonly name = "word to other platforms";
  readonly heard = new Signal<Notice>();
  readonly missed = new Signal<void>();
  readonly #url: string;
  readonly #options: BusOptions;
  readonly #waiting = new Map<string, Notice>();
  #flush: Timer | undefined;
  #telling: Promise<void> | undefined;
  #client: pg.Client | undefined;
  #connecting: Promise<void> | undefined;
  #again: Timer | undefined;
  #probe: Timer | undefined;
  #failures = 0;
  #stopped = false;

  constructor(url: string, options: BusOptions) {
    this.#url = url;
    this.#options = options;
  }

  /** The first connection is waited for: what others do from then on is heard. One that does not come is tried again. */
  async start(): Promise<void> {
    this.#probe = this.#options.clock.every(PROBE, () => {
      this.#client?.query("select 1").catch((error: unknown) => this.#lost(this.#client, error));
    });
    await this.#connect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#probe?.cancel();
    this.#again?.cancel();
    this.#flush?.cancel();
    await this.#connecting;
    await this.#telling;
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  tell(notice: Notice): void {
    if (this.#stopped || this.#waiting.size >= MOST_WAITING) return;
    // Two of an operation say no more than one; attempts are counted.
    this.#waiting.set(notice.kind === "operation" ? notice.id : String(this.#waiting.size), notice);
    this.#plan();
  }

  #plan(): void {
    this.#flush ??= this.#options.clock.after(GATHER, () => {
      this.#telling = this.#tellAll().finally(() => {
        this.#flush = undefined;
        this.#telling = undefined;
        if (this.#waiting.size > 0 && !this.#stopped) this.#plan();
      });
    });
  }

  async #tellAll(): Promise<void> {
    const notices = [...this.#waiting.values()];
    this.#waiting.clear();
    for (let at = 0; at < notices.length; at += MOST_AT_ONCE) {
      const payload = JSON.stringify({ from: this.#options.id, notices: notices.slice(at, at + MOST_AT_ONCE) });
      // Lost when the database is away: whoever comes back to it reads everything.
      await sql`select pg_notify(${CHANNEL}, ${payload})`.execute(this.#options.db).catch(() => undefined);
    }
  }

  #connect(): Promise<void> {
    this.#connecting ??= this.#open().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #open(): Promise<void> {
    const client = postgresClient(this.#url);
    client.on("error", (error) => this.#lost(client, error));
    client.on("end", () => this.#lost(client, new Error("the connection has ended")));
    client.on("notification", ({ payload = "" }) => this.#hear(payload));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      this.#client = client;
      this.#failures = 0;
      this.missed.emit();
    } catch (error) {
      void client.end().catch(() => undefined);
      this.#retry(error);
    }
  }

  #lost(client: pg.Client | undefined, error: unknown): void {
    if (client === undefined || client !== this.#client) return;
    this.#client = undefined;
    void client.end().catch(() => undefined);
    this.#retry(error);
  }

  #retry(error: unknown): void {
    if (this.#stopped) return;
    const { clock, log } = this.#options;
    if (this.#failures === 0) log.warn({ causes: causeChain(error) }, "other platforms are not heard; connecting again");
    this.#failures += 1;
    this.#again?.cancel();
    this.#again = clock.after(backoffDelay(RECONNECT, this.#failures), () => void this.#connect());
  }

  #hear(payload: string): void {
    const told = parse(payload);
    if (!told || told.from === this.#options.id) return;
    for (const notice of told.notices) this.heard.emit(notice);
  }
}

/** Undefined for what another Ebb's version, or somebody else, has sent on the channel. */
function parse(payload: string): { from: string; notices: Notice[] } | undefined {
  try {
    const { from, notices } = JSON.parse(payload) as { from?: unknown; notices?: unknown };
    if (typeof from !== "string" || !Array.isArray(notices)) return undefined;
    return { from, notices: notices.filter(isNotice) };
  } catch {
    return undefined;
  }
}

function isNotice(value: unknown): value is Notice {
  if (typeof value !== "object" || value === null) return false;
  const { kind, id, app, limit, key, by } = value as Record<string, unknown>;
  if (kind === "operation") return typeof id === "string" && typeof app === "string";
  return kind === "attempt" && typeof limit === "string" && typeof key === "string" && (by === 1 || by === -1);
}
