import type { OperationFailure } from "@ebb/api";
import type { Updateable } from "kysely";
import { record } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import type { AppEnvironmentTable } from "../database/schema.ts";
import { applyChanges, readSealedChanges } from "../configuration/store.ts";
import type { ConfigRequest } from "./context.ts";
import type { Outcome } from "../operations/engine.ts";
import type { RunMemory } from "../operations/run.ts";
import type { OperationRow } from "../operations/store.ts";
import { ensureApp, ensurePlace, findApp } from "../apps/store.ts";
import { fitsHost, hostLabel } from "../environments/host.ts";
import { countApps } from "../quotas/apps.ts";
import { parseQuota } from "../quotas/quota.ts";
import { getTeam } from "../teams/store.ts";
import { findEnvironment } from "../environments/store.ts";

/**
 * What follows from an operation's end, in the same transaction: the version is active or failed, the split is in the history, the app has
 * its new settings, or keeps the reason why it has not.
 */
export async function settle(db: Database, row: OperationRow, outcome: Outcome): Promise<void> {
  const now = row.finished_at ?? row.created_at;
  if (outcome.state !== "succeeded") {
    // A first deploy that fails leaves an app that says why, and that can be deployed again or deleted.
    if (row.kind === "deploy" && outcome.state === "failed") await keepFailed(db, row, now);
    await db
      .updateTable("versions")
      .set({ state: "failed", message: outcome.message })
      .where("operation", "=", row.id)
      .where("state", "=", "creating")
      .execute();
    if (row.kind === "config") await forgetSealed(db, row.id);
    const failure = outcome.state === "failed" ? ofVersion(row.version, outcome.message) : "";
    await updatePlace(db, row, { failure, updated_at: now });
    await recordTakenBack(db, row, now);
    return;
  }
  const memory = JSON.parse(row.state_json) as RunMemory;
  await db.updateTable("versions").set({ state: "active", message: "" }).where("operation", "=", row.id).execute();
  if (memory.shares) {
    await db
      .insertInto("traffic_history")
      .values({ app: row.app, env: row.env, operation: row.id, targets_json: JSON.stringify(memory.shares), created_at: now })
      .onConflict((conflict) => conflict.column("operation").doNothing())
      .execute();
  }
  if (row.kind === "config") await keepChanges(db, row, now);
  const rules = memory.rules ? { rules_json: JSON.stringify(memory.rules) } : {};
  const mirror = memory.mirror === undefined ? {} : { mirror_json: memory.mirror ? JSON.stringify(memory.mirror) : "" };
  await updatePlace(db, row, { ...rules, ...mirror, failure: "", updated_at: now });
}

/** Says whose failure it is, unless the message does. */
function ofVersion(version: string | null, message: string): string {
  return version === null || message.startsWith(`${version} `) ? message : `${version}: ${message}`;
}

/** A release that its guard has taken back has changed who sees what, without anybody's word: that is in the trail by itself. */
async function recordTakenBack(
  db: Database,
  { id, kind, team, app, env, version, failure_json }: OperationRow,
  now: number,
): Promise<void> {
  const failure = failure_json === null ? undefined : (JSON.parse(failure_json) as OperationFailure);
  if (kind !== "release" || failure?.code !== "guard_breached") return;
  const after = { environment: env, kind, operation: id, version, why: failure.message };
  await record(db, now, { action: "release.taken-back", object: `app/${app}`, team, after });
}

/** The app's own layer is as the operation was to make it. */
async function keepChanges(db: Database, { id, team, app, env, request_json, created_by }: OperationRow, now: number): Promise<void> {
  const { changes = [] } = JSON.parse(request_json) as ConfigRequest;
  const sealed = await readSealedChanges(db, id);
  await applyChanges(db, { scope: { team, env, app }, changes, sealed, now, by: created_by });
  await forgetSealed(db, id);
}

async function forgetSealed(db: Database, operation: string): Promise<void> {
  await db.deleteFrom("sealed_changes").where("operation", "=", operation).execute();
}

async function updatePlace(db: Database, { app, env }: OperationRow, values: Updateable<AppEnvironmentTable>): Promise<void> {
  await db.updateTable("app_environments").set(values).where("app", "=", app).where("env", "=", env).execute();
}

/** Makes the app that a first deploy did not come to, unless something is in its place: nothing here may fail, or the operation never ends. */
async function keepFailed(db: Database, { team, app, env }: OperationRow, now: number): Promise<void> {
  const environment = await findEnvironment(db, team, env);
  const present = await findApp(db, app);
  if (!environment || (present && present.team !== team)) return;
  const host = hostLabel(app, environment);
  const taken = await db
    .selectFrom("app_environments")
    .select("app")
    .where("cluster", "=", environment.cluster)
    .where("host", "=", host)
    .executeTakeFirst();
  if (!fitsHost(host) || (taken && taken.app !== app)) return;
  if (!present) {
    const { apps } = parseQuota((await getTeam(db, team)).quota_json);
    if (apps !== null && (await countApps(db, team)) >= apps) return;
  }
  await ensureApp(db, { name: app, team, now });
  await ensurePlace(db, { app, environment, now });
}
