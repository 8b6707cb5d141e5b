import type { OperationFailure } from "@ebb/api";
import { codeOf, UserError, type Said } from "@ebb/base";
import type { Database } from "../database/database.ts";
import { operationError } from "../errors.ts";
import { toFailure } from "./failure.ts";
import { COMPOSED, insertOperation, requestCancel, UNFINISHED, type NewOperation, type OperationRow, type StoredPhase } from "./store.ts";
import { say } from "./words.ts";

/** As it is stored. */
export interface RolloutRequest {
  /** `platform`, `team/NAME` or `environment/TEAM/NAME`. */
  layer: string;
  /** How many operations are part of it: old ones are deleted after a while. */
  parts: number;
}

type Part = Pick<OperationRow, "id" | "app" | "env" | "state" | "failure_json">;
const ENDED: ReadonlySet<string> = new Set(["succeeded", "failed", "cancelled"]);
/** What a person reads; `ebb operations list --part-of` has all. */
const MOST_NAMED = 5;

/** With its parts, in one transaction: it is not run itself, it is as far as they are. */
export async function insertRollout(
  transaction: Database,
  rollout: Omit<NewOperation, "kind" | "request"> & { request: RolloutRequest },
): Promise<OperationRow> {
  const row = await insertOperation(transaction, { ...rollout, kind: COMPOSED }, "queued");
  const { phases_json } = standOf(row, [], rollout.now);
  return transaction
    .updateTable("operations")
    .set({ state: "running", started_at: rollout.now, phases_json })
    .where("id", "=", row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Brings all that have not ended to where their parts are; returns those that have changed. May run at any time, on several platforms at once. */
export async function followRollouts(db: Database, now: number): Promise<OperationRow[]> {
  const changed: OperationRow[] = [];
  for (const row of await db.selectFrom("operations").selectAll().where("kind", "=", COMPOSED).where("state", "in", UNFINISHED).execute()) {
    const parts = await partsOf(db, row.id);
    const stand = standOf(row, parts, now);
    if (stand.state === "running" && stand.phases_json === row.phases_json) continue;
    const written = await db
      .updateTable("operations")
      .set({ ...stand, finished_at: stand.state === "running" ? null : now, changes: row.changes + 1 })
      .where("id", "=", row.id)
      .where("changes", "=", row.changes)
      .returningAll()
      .executeTakeFirst();
    if (written) changed.push(written);
  }
  return changed;
}

/** Asks its parts to end that have not begun to change what serves; returns those. Of any other operation: none. */
export async function cancelParts(transaction: Database, id: string, now: number): Promise<OperationRow[]> {
  const cancelled: OperationRow[] = [];
  for (const part of await partsOf(transaction, id)) {
    if (ENDED.has(part.state)) continue;
    try {
      cancelled.push(await requestCancel(transaction, part.id, now));
    } catch (error) {
      // It goes on to its end.
      if (!(error instanceof UserError)) throw error;
    }
  }
  return cancelled;
}

function partsOf(db: Database, id: string): Promise<Part[]> {
  return db
    .selectFrom("operations")
    .select(["id", "app", "env", "state", "failure_json"])
    .where("parent", "=", id)
    .orderBy("seq")
    .execute();
}

/** Pure: what is to be stored of it, by what its parts are. */
export function standOf(
  row: Pick<OperationRow, "id" | "request_json" | "phases_json" | "cancel_requested" | "created_at">,
  parts: readonly Part[],
  now: number,
): Pick<OperationRow, "state" | "phases_json" | "failure_json"> {
  const { parts: all, layer } = JSON.parse(row.request_json) as RolloutRequest;
  const [present] = JSON.parse(row.phases_json) as StoredPhase[];
  const open = parts.filter(({ state }) => !ENDED.has(state));
  const missed = parts.filter(({ state }) => state === "failed" || state === "cancelled");
  // Before the first look none of them is known.
  const ended = present !== undefined && open.length === 0;
  const state = !ended ? "running" : missed.length === 0 ? "succeeded" : row.cancel_requested === 1 ? "cancelled" : "failed";
  const done = present === undefined ? 0 : all - open.length - missed.length;
  const said = words({ done, all, missed: missed.length, waiting: open.filter((part) => part.state === "waiting").length });
  const phase: StoredPhase = {
    name: "apps",
    state: state === "running" || state === "succeeded" ? state : "failed",
    message: said.words,
    said: codeOf(said),
    startedAt: present?.startedAt ?? row.created_at,
    finishedAt: ended ? now : null,
  };
  const failure_json = state === "failed" ? JSON.stringify(failureOf(row.id, layer, missed, all)) : null;
  return { state, phases_json: JSON.stringify([phase]), failure_json };
}

function words({ done, all, missed, waiting }: Record<"done" | "all" | "missed" | "waiting", number>): Said {
  if (missed > 0) return say("rollout.missed", { done, all, missed });
  return waiting > 0 ? say("rollout.waiting", { done, all, waiting }) : say("rollout.going", { done, all });
}

function failureOf(id: string, layer: string, missed: readonly Part[], all: number): OperationFailure {
  const names = missed.slice(0, MOST_NAMED).map(({ app, env }) => `${app} in ${env}`);
  const more = missed.length > MOST_NAMED ? ` and ${missed.length - MOST_NAMED} more` : "";
  const chain = missed.map(({ app, env, failure_json, state }) => {
    const failure = failure_json === null ? undefined : (JSON.parse(failure_json) as OperationFailure);
    return `${app} in ${env}: ${failure?.message ?? state}`;
  });
  const message = `${missed.length} of ${all} did not get the new configuration of ${layer}: ${names.join(", ")}${more}`;
  return toFailure(
    operationError("not_all_apps", message, {
      hint: `The layer has it, and so has the next version of each of them; until then they serve as before. Each: ebb operations list --part-of ${id}.`,
      details: { chain },
    }),
  );
}
