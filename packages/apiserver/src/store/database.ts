import { closeSync, existsSync, fdatasync, fdatasyncSync, fstatSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { promisify } from "node:util";
import { BugError, UserError } from "@ebb/base";

/** Grows with each change of the tables or of what is in them (2: values may be sealed); a store of a later Ebb is refused rather than damaged. */
const SCHEMA_VERSION = 2;

/** Pages of 4 KiB after which the journal is put into the file, which the disk takes some time for: sized for some ten thousand writes. */
const CHECKPOINT_PAGES = 4000;

const TABLES = `
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  -- Each row is one state of one object, so an object is written once; the latest row of a key that is not deleted is what is live.
  CREATE TABLE IF NOT EXISTS revisions (
    revision INTEGER PRIMARY KEY, resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    deleted INTEGER NOT NULL, at INTEGER NOT NULL, value TEXT NOT NULL
  ) STRICT;
`;

/** Of which object, and when, a row is a state. */
export interface RevisionHead {
  revision: number;
  resource: string;
  namespace: string;
  name: string;
  deleted: boolean;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface RevisionRow extends RevisionHead {
  /** JSON. */
  value: string;
}

type HeadColumns = [revision: number, resource: string, namespace: string, name: string, deleted: number, at: number, bytes: number];

/** Bytes that the journal is ahead of what is in it. */
const RESERVE = 1024 ** 2;

const flush = promisify(fdatasync);

/**
 * The SQLite file: opens it safely, reads it, and writes transactions.
 *
 * A transaction is in the journal when it returns, and on the disk when `sync` has resolved: SQLite itself would hold up the whole process for the
 * disk at each commit (synchronous=FULL), and with NORMAL it leaves exactly that step to whoever wants it. Checkpoints are its own, and safe.
 */
export class Database {
  readonly #database: DatabaseSync;
  /** The journal, which is there, and the same, until the database is closed. */
  readonly #journal: number;
  /** Bytes. */
  #journalSize: number;
  /** Ends that wait for a sync under way: its descriptor must not be another file's by then. */
  #syncs: Promise<unknown> = Promise.resolve();
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #insert: StatementSync;
  readonly #value: StatementSync;
  readonly #remove: StatementSync;
  readonly #setFact: StatementSync;

  /** Throws UserError when the file is of a newer version, in use by another process, or no database. */
  constructor(path: string, maxBytes: number) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // It holds secrets; SQLite gives its journal files the same mode.
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
    this.#database = open(path, maxBytes);
    this.#journal = openSync(`${path}-wal`, "r+");
    this.#journalSize = fstatSync(this.#journal).size;
    this.#begin = this.#database.prepare("BEGIN IMMEDIATE");
    this.#commit = this.#database.prepare("COMMIT");
    this.#insert = this.#database.prepare(
      "INSERT INTO revisions (revision, resource, namespace, name, deleted, at, value) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#value = this.#database.prepare("SELECT value FROM revisions WHERE revision = ?");
    this.#remove = this.#database.prepare("DELETE FROM revisions WHERE revision = ?");
    this.#setFact = this.#database.prepare(
      "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    );
  }

  fact(name: string): number {
    const row = this.#database.prepare("SELECT value FROM facts WHERE name = ?").get(name);
    return Number(row?.["value"] ?? 0);
  }

  /** All rows, oldest first, without their values; `bytes` is a value's length. */
  *heads(): Generator<RevisionHead & { bytes: number }> {
    const statement = this.#database.prepare(
      "SELECT revision, resource, namespace, name, deleted, at, octet_length(value) AS bytes FROM revisions ORDER BY revision",
    );
    // There may be a hundred thousand of them, and an object of each takes twice as long as an array.
    statement.setReturnArrays(true);
    for (const row of statement.iterate()) {
      const [revision, resource, namespace, name, deleted, at, bytes] = row as unknown as HeadColumns;
      yield { revision, resource, namespace, name, deleted: deleted === 1, at, bytes };
    }
  }

  /** What the rows after a revision are of, oldest first: so many of them, until one was written after `before` (milliseconds since the epoch). */
  writtenBefore(before: number, { after, most }: { after: number; most: number }): Omit<RevisionHead, "deleted">[] {
    const statement = this.#database.prepare(
      "SELECT revision, resource, namespace, name, at FROM revisions WHERE revision > ? ORDER BY revision LIMIT ?",
    );
    const found: Omit<RevisionHead, "deleted">[] = [];
    for (const row of statement.iterate(after, most)) {
      const at = Number(row["at"]);
      if (at > before) break;
      const { resource, namespace, name } = row;
      found.push({ revision: Number(row["revision"]), resource: String(resource), namespace: String(namespace), name: String(name), at });
    }
    return found;
  }

  /** The value of the row of this revision, which must be there. */
  value(revision: number): string {
    const row = this.#value.get(revision);
    if (!row) throw new BugError("no_such_revision", `revision ${revision} is not in the store`);
    return String(row["value"]);
  }

  /** Resolves when every transaction before it is on the disk. Whoever sees it reject knows nothing of what is. */
  sync(): Promise<void> {
    this.#reserve();
    const synced = flush(this.#journal);
    this.#syncs = Promise.allSettled([this.#syncs, synced]);
    return synced;
  }

  /**
   * Makes a journal that has grown longer than it needs to be, by zeros, which SQLite takes for its end. It writes over them, and over what a
   * checkpoint is done with; a file that keeps its length is synced in half the time, as its file system has nothing to write but the data.
   */
  #reserve(): void {
    const { size } = fstatSync(this.#journal);
    if (size <= this.#journalSize) return;
    try {
      this.#journalSize = size + writeSync(this.#journal, Buffer.alloc(RESERVE), 0, RESERVE, size);
    } catch (error) {
      // On a full disk the next transaction says so; this was only for its speed.
      if (!isFull(error)) throw error;
    }
  }

  /** The same, at once: the process stands still meanwhile. */
  syncNow(): void {
    this.#reserve();
    fdatasyncSync(this.#journal);
  }

  /** One row, which is a transaction of its own: what a client that writes one after the other waits for. */
  insert(row: RevisionRow): void {
    this.#insert.run(row.revision, row.resource, row.namespace, row.name, row.deleted ? 1 : 0, row.at, row.value);
  }

  /** All of it or, if it throws, none. */
  transaction(changes: { insert?: readonly RevisionRow[]; remove?: readonly number[]; facts?: Record<string, number> }): void {
    this.#begin.run();
    try {
      for (const row of changes.insert ?? []) this.insert(row);
      for (const revision of changes.remove ?? []) this.#remove.run(revision);
      for (const [name, value] of Object.entries(changes.facts ?? {})) this.#setFact.run(name, value);
      this.#commit.run();
    } catch (error) {
      // SQLite rolls back by itself on a full disk; then there is nothing to roll back.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Puts other values into rows, and leaves nothing of those before in the file or its journal. Before anything else is written. */
  rewrite(values: readonly Pick<RevisionRow, "revision" | "value">[]): void {
    const update = this.#database.prepare("UPDATE revisions SET value = ? WHERE revision = ?");
    this.#database.exec("PRAGMA secure_delete = ON; BEGIN IMMEDIATE;");
    try {
      for (const { revision, value } of values) update.run(value, revision);
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
    // Pages that were freed long ago may have some, too.
    this.#database.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA secure_delete = OFF;");
  }

  close(): void {
    this.#database.close();
    void this.#syncs.then(() => closeSync(this.#journal));
  }
}

function open(path: string, maxBytes: number): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    // Exclusive: two servers on one store would both hand out the same revisions.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    const pageSize = Number(database.prepare("PRAGMA page_size").get()?.["page_size"]);
    database.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / pageSize)}`);
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > SCHEMA_VERSION) {
      throw new UserError(
        "store_too_new",
        `${path} was written by a newer Ebb (its version is ${version}, this one knows ${SCHEMA_VERSION})`,
        {
          hint: "Start it with that newer Ebb, or choose another data folder.",
        },
      );
    }
    // With FULL, as this makes the journal: its place in the folder must be on the disk, too.
    database.exec(`BEGIN IMMEDIATE; ${TABLES} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
    database.exec(`PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};`);
    return database;
  } catch (error) {
    database.close();
    throw explain(path, error);
  }
}

/** SQLite's primary result codes. */
const BUSY = 5;
const FULL = 13;
const NOT_A_DATABASE = 26;

function explain(path: string, error: unknown): unknown {
  const code = resultCode(error);
  if (code === BUSY) {
    return new UserError("store_in_use", `${path} is in use by another process`, { hint: "Stop the other Ebb first.", cause: error });
  }
  if (code === NOT_A_DATABASE) {
    const hint = "Restore it from a backup, or move it away to start anew.";
    return new UserError("store_damaged", `${path} is not a database`, { hint, cause: error });
  }
  return isFull(error) ? new UserError("disk_full", `no space left for ${path}`, { hint: "Free some disk space.", cause: error }) : error;
}

/** Whether a write failed for want of space. */
export function isFull(error: unknown): boolean {
  return resultCode(error) === FULL || (error instanceof Error && /ENOSPC|EDQUOT/.test(String((error as { code?: unknown }).code)));
}

function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | undefined)?.errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}
