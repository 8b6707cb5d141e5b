import type { Approval, OperationFailure } from "@ebb/api";
import { sql, type Selectable } from "kysely";
import { record } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import type { ApprovalRequestTable } from "../database/schema.ts";
import { frozenAt, refuseFrozen } from "../environments/frozen.ts";
import { refuse } from "../errors.ts";
import { getOperation, type OperationRow } from "../operations/store.ts";
import { decideVote, type Voter } from "./decide.ts";

/** A change that nobody has looked at for so long is looked at anew. */
const LIFETIME = 72 * 3_600_000;
const MOST_LISTED = 200;

export interface ApprovalNeed {
  needed: number;
  authorId: string;
  team: string;
  environment: string;
}

type RequestRow = Selectable<ApprovalRequestTable>;

/** In the transaction that stores the operation, whose state is `waiting`. */
export async function requestApproval(
  transaction: Database,
  operation: OperationRow,
  need: ApprovalNeed & { changes: Approval["changes"] },
): Promise<void> {
  await transaction
    .insertInto("approval_requests")
    .values({
      operation: operation.id,
      author_id: need.authorId,
      team: need.team,
      environment: need.environment,
      needed: need.needed,
      diff_json: JSON.stringify(need.changes),
      expires_at: operation.created_at + LIFETIME,
      state: "waiting",
    })
    .execute();
}

/**
 * Records a vote; the last that is needed queues the operation in the same transaction, a rejection ends it.
 * Throws `operation_not_found`, `approval_not_needed` and what `decideVote` throws.
 */
export async function vote(
  db: Database,
  now: number,
  id: string,
  cast: { voter: Voter & { name: string }; vote: "approve" | "reject"; why: string },
): Promise<OperationRow> {
  return db.transaction().execute(async (transaction) => {
    // Held until the end: of two last votes at once, one is counted after the other.
    const request = await transaction
      .updateTable("approval_requests")
      .set((eb) => ({ state: eb.ref("state") }))
      .where("operation", "=", id)
      .returningAll()
      .executeTakeFirst();
    const operation = await getOperation(transaction, id);
    if (!request) throw refuse("approval_not_needed", `Operation ${id} needs nobody's approval`);
    const votes = await transaction.selectFrom("approval_votes").selectAll().where("operation", "=", id).execute();
    const voting = {
      authorId: request.author_id,
      needed: request.needed,
      state: request.state,
      expiresAt: request.expires_at,
      approvals: votes.map((each) => each.user_id),
    };
    const { team, env, created_at } = operation;
    // What an administrator has asked for in spite of a freeze is not held up by it again.
    if (cast.vote === "approve" && !(await frozenAt(transaction, { team, env, now: created_at }))) {
      await refuseFrozen(transaction, { team, env, now });
    }
    const outcome = decideVote(voting, cast.voter, cast.vote, now);
    await transaction
      .insertInto("approval_votes")
      .values({ operation: id, user_id: cast.voter.userId, user_name: cast.voter.name, vote: cast.vote, why: cast.why, time: now })
      .onConflict((conflict) => conflict.columns(["operation", "user_id"]).doUpdateSet({ vote: cast.vote, why: cast.why, time: now }))
      .execute();
    if (outcome === "approved") await close(transaction, request, "approved", { state: "queued" });
    if (outcome === "rejected") {
      const said = `${cast.voter.name} has rejected it${cast.why === "" ? "" : `: ${cast.why}`}`;
      await close(transaction, request, "rejected", { state: "cancelled", finished_at: now, failure_json: failure("rejected", said) });
    }
    const change = { after: { why: cast.why, outcome } };
    await record(transaction, now, { action: `operation.${cast.vote}`, object: `operation/${id}`, team: request.team, ...change });
    return outcome === "recorded" ? operation : getOperation(transaction, id);
  });
}

/** Ends what nobody has decided in time; returns the operations. */
export async function expireApprovals(db: Database, now: number): Promise<OperationRow[]> {
  const due = await db.selectFrom("approval_requests").selectAll().where("state", "=", "waiting").where("expires_at", "<=", now).execute();
  const ended: OperationRow[] = [];
  for (const request of due) {
    await db.transaction().execute(async (transaction) => {
      const said = "Nobody has approved it in time";
      const failure_json = failure("approval_expired", said);
      if (!(await close(transaction, request, "expired", { state: "failed", finished_at: now, failure_json }))) return;
      await record(transaction, now, { action: "operation.expired", object: `operation/${request.operation}`, team: request.team });
      ended.push(await getOperation(transaction, request.operation));
    });
  }
  return ended;
}

/** In the transaction that cancels the operation. */
export async function closeCancelled(transaction: Database, id: string): Promise<void> {
  await transaction
    .updateTable("approval_requests")
    .set({ state: "cancelled" })
    .where("operation", "=", id)
    .where("state", "=", "waiting")
    .execute();
}

/** Forgets those whose operation is gone. */
export async function pruneApprovals(db: Database): Promise<void> {
  for (const table of ["approval_requests", "approval_votes"] as const) {
    await db
      .deleteFrom(table)
      .where("operation", "not in", (query) => query.selectFrom("operations").select("id"))
      .execute();
  }
}

/** False when somebody else has closed it first. */
async function close(
  transaction: Database,
  request: RequestRow,
  state: "approved" | "rejected" | "expired",
  operation: { state: "queued" | "cancelled" | "failed"; finished_at?: number; failure_json?: string },
): Promise<boolean> {
  const closed = await transaction
    .updateTable("approval_requests")
    .set({ state })
    .where("operation", "=", request.operation)
    .where("state", "=", "waiting")
    .returning("operation")
    .executeTakeFirst();
  if (!closed) return false;
  await transaction
    .updateTable("operations")
    .set({ ...operation, changes: sql<number>`changes + 1` })
    .where("id", "=", request.operation)
    .where("state", "=", "waiting")
    .execute();
  return true;
}

/** Newest first; of these teams, of all when `teams` is undefined. */
export async function listApprovals(db: Database, query: { teams: readonly string[] | undefined; waiting: boolean }): Promise<Approval[]> {
  if (query.teams?.length === 0) return [];
  let requests = db
    .selectFrom("approval_requests as r")
    .innerJoin("operations as o", "o.id", "r.operation")
    .select(["o.id", "o.kind", "o.app", "o.created_by", "o.created_at"])
    .select(["r.team", "r.environment", "r.state", "r.needed", "r.diff_json", "r.expires_at"])
    .orderBy("o.seq", "desc")
    .limit(MOST_LISTED);
  if (query.waiting) requests = requests.where("r.state", "=", "waiting");
  if (query.teams !== undefined) requests = requests.where("r.team", "in", query.teams);
  const rows = await requests.execute();
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const votes = await db.selectFrom("approval_votes").selectAll().where("operation", "in", ids).orderBy("time").execute();
  const votesOf = Map.groupBy(votes, (each) => each.operation);
  const time = (milliseconds: number) => new Date(milliseconds).toISOString();
  return rows.map((row) => ({
    operation: row.id,
    kind: row.kind,
    team: row.team,
    environment: row.environment,
    app: row.app,
    author: row.created_by,
    state: row.state,
    needed: row.needed,
    votes: (votesOf.get(row.id) ?? []).map((each) => ({ user: each.user_name, vote: each.vote, why: each.why, time: time(each.time) })),
    changes: JSON.parse(row.diff_json) as Approval["changes"],
    createdAt: time(row.created_at),
    expiresAt: time(row.expires_at),
  }));
}

function failure(code: "rejected" | "approval_expired", message: string): string {
  return JSON.stringify({ code, message, hint: null, chain: [message], log: [] } satisfies OperationFailure);
}
