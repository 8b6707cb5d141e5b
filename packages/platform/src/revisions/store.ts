import { UserError, type Clock } from "@ebb/base";
import { sql, type Selectable } from "kysely";
import { currentOrigin } from "../audit/context.ts";
import type { Database } from "../database/database.ts";
import type { RevisionTable } from "../database/schema.ts";

export type RevisionRow = Selectable<RevisionTable>;

/** What nobody has changed since it was made. */
const FIRST = 0;

/** A change was made on the ground of what is no longer so. */
export class ChangedMeanwhile extends UserError {
  /** Undefined: it is not known any more. */
  readonly changed: { by: string; at: string; what: string } | undefined;

  constructor(row: RevisionRow | undefined, otherwise = "Changed meanwhile") {
    const by = row && (row.changed_by || "the platform");
    super(
      "precondition_failed",
      row ? `Changed meanwhile by ${by} at ${new Date(row.changed_at).toISOString()} (${row.what})` : otherwise,
      { hint: "Read it again, see what is different, and make your change on that." },
    );
    this.changed = row && { by: by ?? "", at: new Date(row.changed_at).toISOString(), what: row.what };
  }
}

export async function readRevision(db: Database, resource: string): Promise<RevisionRow | undefined> {
  return db.selectFrom("revisions").selectAll().where("resource", "=", resource).executeTakeFirst();
}

/** As clients see it. */
export function revisionText(revision: number | undefined): string {
  return (revision ?? FIRST).toString(36);
}

/** Throws ChangedMeanwhile unless the row has one of the revisions that the request was made on. */
export function checkRevision(row: RevisionRow | undefined): void {
  const { expected, revision } = currentOrigin();
  if (expected === undefined || expected === "any") return;
  const own = revision === undefined ? [] : [revisionText(revision)];
  if (![...expected, ...own].includes(revisionText(row?.revision))) throw new ChangedMeanwhile(row);
}

/**
 * For a request whose address does not say what it changes: this is it. Throws ChangedMeanwhile as `checkRevision` does, and `touch` once more; of
 * what is not there, whatever was expected (RFC 9110 §13.1.1).
 */
export async function madeOn(db: Database, { resource, present }: { resource: string; present: boolean }): Promise<void> {
  const origin = currentOrigin();
  if (origin.expected === undefined) return;
  origin.resource = resource;
  const row = await readRevision(db, resource);
  if (!present) throw new ChangedMeanwhile(row, "It is not there");
  checkRevision(row);
}

export interface Touch {
  /** Besides what the request is about. */
  resources: readonly string[];
  what: string;
  /** Whoever asks, when it is left out. */
  by?: string;
}

/**
 * Gives what is changed in this transaction another revision, and refuses a request that was made on an older one (`If-Match`). All such
 * transactions come one after the other: the head of the audit trail is locked from here on, so that nothing can come between the check and
 * the change. Last in its transaction, as `record` is: whoever holds rows waits for the head, never the other way round.
 */
export async function touch(transaction: Database, now: number, { resources, what, by }: Touch): Promise<void> {
  const origin = currentOrigin();
  const own = origin.resource;
  const all = [...new Set([...(own === undefined ? [] : [own]), ...resources])].sort();
  if (all.length === 0) return;
  await lockTrail(transaction);
  if (own !== undefined && origin.expected !== undefined) checkRevision(await readRevision(transaction, own));
  for (const resource of all) {
    const revision = await raise(transaction, { resource, revision: now, changed_at: now, changed_by: by ?? origin.actor, what });
    if (resource === own) origin.revision = revision;
  }
}

/**
 * Takes the request's turn before a change that is not in the database: of two that were made on the same revision the second is refused.
 * After the change `record` raises the revision once more, for whoever has read in between.
 */
export async function claim({ db, clock }: { db: Database; clock: Clock }, what: string): Promise<void> {
  await db.transaction().execute((transaction) => touch(transaction, clock.now(), { resources: [], what }));
  const origin = currentOrigin();
  // Held from here on: what others do after this is on their ground, not on ours.
  if (origin.resource !== undefined) delete origin.expected;
}

/** All that take it come one after the other, also of several platforms on one database, until their transactions end. */
export async function lockTrail(transaction: Database): Promise<void> {
  await transaction
    .updateTable("audit_head")
    .set((eb) => ({ seq: eb.ref("seq") }))
    .where("id", "=", 1)
    .execute();
}

/** Times, where they rise: what is deleted and made again has no revision that it had before. */
async function raise(transaction: Database, row: RevisionRow): Promise<number> {
  const next = sql<number>`case when revisions.revision >= ${row.revision} then revisions.revision + 1 else ${row.revision} end`;
  const { changed_at, changed_by, what } = row;
  const { revision } = await transaction
    .insertInto("revisions")
    .values(row)
    .onConflict((conflict) => conflict.column("resource").doUpdateSet({ revision: next, changed_at, changed_by, what }))
    .returning("revision")
    .executeTakeFirstOrThrow();
  return revision;
}

/** For housekeeping: who has read something so long ago reads it again. */
export async function pruneRevisions(db: Database, until: number): Promise<void> {
  await db.deleteFrom("revisions").where("changed_at", "<", until).execute();
}
