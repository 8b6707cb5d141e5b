import type { AuditAction } from "@ebb/api";
import type { AuditEntry } from "@ebb/api";
import type { Selectable } from "kysely";
import type { Database } from "../database/database.ts";
import type { AuditTable } from "../database/schema.ts";
import { canonicalJson, ChainCheck, GENESIS, hashOf, PRUNED, type AuditRow, type Breach, type Head } from "./chain.ts";
import { touch } from "../revisions/store.ts";
import { currentOrigin } from "./context.ts";

export interface Change {
  /** What was done: `user.created`, `app.deleted` … */
  /** One of a request without a name of its own is its method and route. */
  action: AuditAction | `${Uppercase<string>} /${string}`;
  /** To what: `user/anna`, `app/hello`. */
  object: string;
  /** The team that it belongs to; empty: the platform's own. */
  team?: string;
  /** Never with a secret's value: for what is not to be shown, only that it changed. */
  before?: unknown;
  after?: unknown;
  /** What is no longer as it was, besides what the request is about (revisions/keys.ts). */
  touches?: readonly string[];
  /** For whoever is told of it: the action, when it is left out. */
  what?: string;
}

export interface AuditQuery {
  actor?: string | undefined;
  action?: string | undefined;
  object?: string | undefined;
  /** Only these teams' rows; undefined: all, also the platform's own. */
  teams?: readonly string[] | undefined;
  from?: number | undefined;
  to?: number | undefined;
  /** Rows before this one, newest first. */
  before?: number | undefined;
  limit: number;
}

const BATCH = 1000;
/** What a client may make us store of its own words. */
const LONGEST = { client: 256, value: 16_384 };

/**
 * Adds a row to the trail, in the caller's transaction: the change and its trace are there together or not at all. The head row is locked from
 * here to the end of that transaction, which keeps the chain one line also with several platforms on one database: record last.
 * Throws ChangedMeanwhile, where the request was made on a revision that is no longer.
 */
export async function record(transaction: Database, now: number, change: Change): Promise<void> {
  const origin = currentOrigin();
  await touch(transaction, now, { resources: change.touches ?? [], what: change.what ?? change.action });
  const head = await transaction
    .updateTable("audit_head")
    .set((eb) => ({ seq: eb("seq", "+", 1) }))
    .where("id", "=", 1)
    .returning(["seq", "hash"])
    .executeTakeFirstOrThrow();
  const body = {
    seq: head.seq,
    time: now,
    actor: origin.actor,
    credential: origin.credential,
    address: origin.address,
    client: origin.client.slice(0, LONGEST.client),
    action: change.action,
    object: change.object,
    team: change.team ?? "",
    before: bounded(change.before),
    after: bounded(change.after),
    request: origin.request,
    previous: head.hash,
  };
  const hash = hashOf(body);
  const { before, after, ...rest } = body;
  await transaction
    .insertInto("audit")
    .values({ ...rest, before_json: canonicalJson(before), after_json: canonicalJson(after), hash })
    .execute();
  await transaction.updateTable("audit_head").set({ hash }).where("id", "=", 1).execute();
  origin.recorded++;
}

/** Only what differs, of both sides: what a change's row tells. */
export function changed<T extends object>(before: T, after: T): { before: Partial<T>; after: Partial<T> } {
  const keys = (Object.keys({ ...before, ...after }) as (keyof T)[]).filter(
    (key) => canonicalJson(before[key] ?? null) !== canonicalJson(after[key] ?? null),
  );
  const pick = (value: T) => Object.fromEntries(keys.map((key) => [key, value[key]])) as Partial<T>;
  return { before: pick(before), after: pick(after) };
}

/** Plain JSON, so that what is hashed is what will be read; too much of it is told by its size. */
function bounded(value: unknown): unknown {
  const text = JSON.stringify(value ?? null);
  return text.length > LONGEST.value ? { omitted: `${text.length} characters` } : (JSON.parse(text) as unknown);
}

/** Newest first. */
export async function listAudit(db: Database, query: AuditQuery): Promise<AuditRow[]> {
  let rows = db.selectFrom("audit").selectAll().orderBy("seq", "desc").limit(query.limit);
  if (query.actor !== undefined) rows = rows.where("actor", "=", query.actor);
  if (query.action !== undefined) rows = rows.where("action", "=", query.action);
  if (query.object !== undefined) rows = rows.where("object", "=", query.object);
  if (query.from !== undefined) rows = rows.where("time", ">=", query.from);
  if (query.to !== undefined) rows = rows.where("time", "<=", query.to);
  if (query.before !== undefined) rows = rows.where("seq", "<", query.before);
  if (query.teams !== undefined) {
    if (query.teams.length === 0) return [];
    rows = rows.where("team", "in", query.teams);
  }
  return (await rows.execute()).map(toRow);
}

/** All rows, oldest first, read as they are asked for. */
export async function* readAudit(db: Database): AsyncGenerator<AuditRow> {
  let seq = 0;
  for (;;) {
    const rows = await db.selectFrom("audit").selectAll().where("seq", ">", seq).orderBy("seq").limit(BATCH).execute();
    for (const row of rows) yield toRow(row);
    seq = rows.at(-1)?.seq ?? seq;
    if (rows.length < BATCH) return;
  }
}

export interface Verification {
  rows: number;
  head: Head;
  breach: Breach | null;
}

/**
 * Reads the whole trail against its hashes. `known`: a head that was noted earlier, outside of this database, must still be in it; without one,
 * somebody who can write to the database could have computed the whole chain anew.
 */
export async function verifyAudit(db: Database, known?: Head): Promise<Verification> {
  // The head first: rows that are added meanwhile are behind it and are left out.
  const head = await readHead(db);
  const check = new ChainCheck(known);
  for await (const row of readAudit(db)) {
    if (row.seq > head.seq) break;
    check.add(row);
  }
  return { rows: check.count, head, breach: check.end(head) ?? null };
}

export async function readHead(db: Database): Promise<Head> {
  const head = await db.selectFrom("audit_head").select(["seq", "hash"]).where("id", "=", 1).executeTakeFirst();
  return head ?? { seq: 0, hash: GENESIS };
}

/**
 * Removes the rows from before `until`, and says so in the trail, which goes on from there. Clocks of several platforms differ, so times need not
 * rise with the rows: what goes is what comes before the first row that is young enough, and no younger row goes with it.
 */
export async function pruneAudit(db: Database, now: number, until: number): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    // Held before we look: a row that is being added cannot come between.
    await transaction
      .updateTable("audit_head")
      .set((eb) => ({ seq: eb.ref("seq") }))
      .where("id", "=", 1)
      .execute();
    const young = await transaction.selectFrom("audit").select("seq").where("time", ">=", until).orderBy("seq").executeTakeFirst();
    const last = await transaction
      .selectFrom("audit")
      .select(["seq", "hash"])
      .where("seq", "<", young?.seq ?? Number.MAX_SAFE_INTEGER)
      .orderBy("seq", "desc")
      .executeTakeFirst();
    if (!last) return;
    await record(transaction, now, { action: PRUNED, object: "audit", after: { seq: last.seq, hash: last.hash } });
    await transaction.deleteFrom("audit").where("seq", "<=", last.seq).execute();
  });
}

export function viewAudit(row: AuditRow): AuditEntry {
  return { ...row, time: new Date(row.time).toISOString() };
}

function toRow({ before_json, after_json, ...row }: Selectable<AuditTable>): AuditRow {
  return { ...row, before: parse(before_json), after: parse(after_json) };
}

/** A row that somebody has edited need not be the JSON that we write any more: it is then a text, whose hash fits nothing. */
function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return canonicalJson(value) === text ? value : text;
  } catch {
    return text;
  }
}
