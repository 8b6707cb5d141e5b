import type { SaidCode } from "@ebb/base";
import type { Operation, OperationFailure, Phase } from "@ebb/api";
import { sql, type Selectable, type Updateable } from "kysely";
import type { Database } from "../database/database.ts";
import type { OperationTable } from "../database/schema.ts";
import { refuse } from "../errors.ts";

export type OperationRow = Selectable<OperationTable>;
export type OperationKind = OperationRow["kind"];

/** A phase as it is stored; times in milliseconds since the epoch. */
export interface StoredPhase {
  name: string;
  state: Phase["state"];
  message: string;
  /** Absent where the message is somebody else's. */
  said?: SaidCode;
  startedAt: number;
  finishedAt: number | null;
}

export interface NewOperation {
  id: string;
  kind: OperationKind;
  /** See OperationTable: an empty `app` or `env` is about all of them. */
  team: string;
  app: string;
  env: string;
  /** Never holds a secret's value. */
  request: unknown;
  createdBy: string;
  now: number;
  /** Milliseconds from its start to its deadline. */
  timeout: number;
  /** Neither a freeze nor the want of approvals stops it: what was allowed before, or puts back what was. */
  unguarded?: boolean;
  /** No want of approvals stops it: it puts back what was approved before. */
  putsBack?: boolean;
  /** The change that it is a part of. */
  parent?: string;
}

/** Made of other operations alone: its parts are claimed, run and told of, it is not. */
export const COMPOSED = "rollout";
/** As literals: with bound values SQLite does not see that the index of these is all it needs, and reads what has ended, too. */
export const UNFINISHED = [sql.lit<"queued">("queued"), sql.lit<"running">("running")] as const;
export const WAITING_OR_UNFINISHED = [sql.lit<"waiting">("waiting"), ...UNFINISHED] as const;
/** Waiting for one app: a script in a loop gets an answer before it fills the disk with uploads. */
const MAX_WAITING = 20;

/** Queues it durably, or lets it wait for approval. Throws `too_many_operations`. */
export async function insertOperation(
  db: Database,
  operation: NewOperation,
  state: "queued" | "waiting" = "queued",
): Promise<OperationRow> {
  const waiting = (await liveOperations(db, { app: operation.app })).filter(
    (row) => row.env === operation.env && row.team === operation.team,
  );
  if (waiting.length >= MAX_WAITING) {
    throw refuse("too_many_operations", `${waiting.length} operations of ${operation.app || operation.env} are waiting already`, {
      hint: "Wait until some have ended, or cancel them: ebb status.",
    });
  }
  const { id, kind, team, app, env, request, createdBy, now, timeout, parent = "" } = operation;
  return db
    .insertInto("operations")
    .values({
      id,
      kind,
      team,
      app,
      env,
      state,
      request_json: JSON.stringify(request),
      state_json: "{}",
      phases_json: "[]",
      created_at: now,
      created_by: createdBy,
      deadline: now + timeout,
      timeout,
      lease_until: 0,
      cancel_requested: 0,
      committed: 0,
      changes: 1,
      parent,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Also those that wait for approval: what they refer to must stay. Without those that are only made of others. */
export function liveOperations(db: Database, of: { app?: string } = {}): Promise<OperationRow[]> {
  const query = db
    .selectFrom("operations")
    .selectAll()
    .where("state", "in", WAITING_OR_UNFINISHED)
    .where("kind", "!=", COMPOSED)
    .orderBy("seq");
  return (of.app === undefined ? query : query.where("app", "=", of.app)).execute();
}

/** Oldest first. Without those that are only made of others. */
export function unfinishedOperations(db: Database, of: { team?: string; app?: string } = {}): Promise<OperationRow[]> {
  let query = db.selectFrom("operations").selectAll().where("state", "in", UNFINISHED).where("kind", "!=", COMPOSED).orderBy("seq");
  if (of.team !== undefined) query = query.where("team", "=", of.team);
  if (of.app !== undefined) query = query.where("app", "=", of.app);
  return query.execute();
}

/** Whether an operation has to do with this app in this environment; one on a whole environment, or on all of an app, has. */
export function concerns(row: OperationRow, { team, app, env }: { team: string; app: string; env: string }): boolean {
  return row.team === team && (row.app === app || row.app === "") && (row.env === env || row.env === "");
}

/** Lets go of every lease: for a database that has one owner, whose former self is dead. */
export async function releaseLeases(db: Database): Promise<void> {
  await db.updateTable("operations").set({ lease_until: 0 }).where("state", "=", "running").execute();
}

/** Writes to a leased operation; undefined when the lease was lost, and nothing is written then. */
export function updateLeased(
  db: Database,
  lease: { id: string; owner: string },
  values: Updateable<OperationTable>,
): Promise<OperationRow | undefined> {
  return db
    .updateTable("operations")
    .set({ ...values, changes: sql<number>`changes + 1` })
    .where("id", "=", lease.id)
    .where("lease_owner", "=", lease.owner)
    .where("state", "=", "running")
    .returningAll()
    .executeTakeFirst();
}

/** Prolongs a lease; it does not count as a change. */
export function renewLease(db: Database, lease: { id: string; owner: string }, until: number): Promise<OperationRow | undefined> {
  return db
    .updateTable("operations")
    .set({ lease_until: until })
    .where("id", "=", lease.id)
    .where("lease_owner", "=", lease.owner)
    .where("state", "=", "running")
    .returningAll()
    .executeTakeFirst();
}

/** From here on it cannot be cancelled; false when it was cancelled before, or the lease is lost. */
export async function commitOperation(db: Database, lease: { id: string; owner: string }): Promise<boolean> {
  const row = await db
    .updateTable("operations")
    .set({ committed: 1, changes: sql<number>`changes + 1` })
    .where("id", "=", lease.id)
    .where("lease_owner", "=", lease.owner)
    .where("cancel_requested", "=", 0)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/** Lets a release leave so many steps. */
export function continueOperation(db: Database, id: string, steps: number): Promise<OperationRow> {
  return db
    .updateTable("operations")
    .set({ continued: steps, changes: sql<number>`changes + 1` })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** A queued one ends at once, a running one is asked to. Throws `operation_not_found` and `operation_not_cancellable`. */
export async function requestCancel(db: Database, id: string, now: number): Promise<OperationRow> {
  const changed = await db
    .updateTable("operations")
    .set((eb) => ({
      cancel_requested: 1,
      state: eb
        .case()
        .when("state", "in", ["queued", "waiting"])
        .then("cancelled" as const)
        .else(eb.ref("state"))
        .end(),
      finished_at: eb.case().when("state", "in", ["queued", "waiting"]).then(now).else(eb.ref("finished_at")).end(),
      changes: sql<number>`changes + 1`,
    }))
    .where("id", "=", id)
    .where("state", "in", WAITING_OR_UNFINISHED)
    .where("committed", "=", 0)
    .returningAll()
    .executeTakeFirst();
  if (changed) return changed;
  const row = await getOperation(db, id);
  const moving = row.state === "running";
  throw refuse(
    "operation_not_cancellable",
    moving ? "It is changing what serves and goes on to its end" : `It has ended already (${row.state})`,
    {
      hint: moving ? "Wait for its end, then use: ebb rollback." : "There is nothing left to cancel.",
    },
  );
}

/** Throws `operation_not_found`. */
export async function getOperation(db: Database, id: string): Promise<OperationRow> {
  const row = await db.selectFrom("operations").selectAll().where("id", "=", id).executeTakeFirst();
  if (!row)
    throw refuse("operation_not_found", `There is no operation ${id}`, { hint: "Old ones are deleted after a while; see: ebb status." });
  return row;
}

export interface OperationFilter {
  team?: string | undefined;
  app?: string | undefined;
  env?: string | undefined;
  parent?: string | undefined;
  state?: OperationRow["state"] | undefined;
  /** Who asked for it. */
  by?: string | undefined;
  limit: number;
  /** Only of these teams; of all when absent. */
  visible?: readonly string[] | undefined;
  /** Only older ones than that of this `seq`. */
  before?: number | undefined;
}

/** Newest first. */
export function listOperations(db: Database, filter: OperationFilter): Promise<OperationRow[]> {
  const { team, app, env, parent, state, by, limit, before, visible } = filter;
  let query = db.selectFrom("operations").selectAll().orderBy("seq", "desc").limit(limit);
  if (team !== undefined) query = query.where("team", "=", team);
  if (app !== undefined) query = query.where("app", "=", app);
  if (env !== undefined) query = query.where("env", "=", env);
  if (parent !== undefined) query = query.where("parent", "=", parent);
  if (state !== undefined) query = query.where("state", "=", state);
  if (by !== undefined) query = query.where("created_by", "=", by);
  if (visible !== undefined) query = query.where("team", "in", [...visible]);
  if (before !== undefined) query = query.where("seq", "<", before);
  return query.execute();
}

const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** As the API shows it; the duration of a phase that runs is up to `now`. */
export function toOperation(row: OperationRow, now: number): Operation {
  const phases = JSON.parse(row.phases_json) as StoredPhase[];
  return {
    id: row.id,
    kind: row.kind,
    team: row.team,
    app: row.app,
    environment: row.env,
    state: row.state,
    phases: phases.map((phase) => ({
      name: phase.name,
      state: phase.state,
      message: phase.message,
      ...(phase.said ? { said: phase.said } : {}),
      startedAt: time(phase.startedAt),
      finishedAt: phase.finishedAt === null ? null : time(phase.finishedAt),
      duration: Math.max(0, (phase.finishedAt ?? now) - phase.startedAt),
    })),
    version: row.version,
    url: row.url,
    previewUrl: row.preview_url,
    failure: row.failure_json === null ? null : (JSON.parse(row.failure_json) as OperationFailure),
    createdAt: time(row.created_at),
    createdBy: row.created_by,
    partOf: row.parent || null,
    deadline: time(row.deadline),
    finishedAt: row.finished_at === null ? null : time(row.finished_at),
  };
}
