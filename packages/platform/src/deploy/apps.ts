import type { Selectable } from "kysely";
import { operationError, refuse } from "../errors.ts";
import type { AppSettings, VersionConfig } from "../compile/version-config.ts";
import type { Database } from "../database/database.ts";
import type { AppTable, VersionTable } from "../database/schema.ts";

export type AppRow = Selectable<AppTable>;
export type VersionRow = Selectable<VersionTable>;

const NO_SECRETS = JSON.stringify({ object: null, keys: {} });

/** Throws `app_not_found`. */
export async function getApp(db: Database, name: string): Promise<AppRow> {
  const app = await findApp(db, name);
  if (!app) throw refuse("app_not_found", `There is no app ${name}`, { hint: "List them with: ebb apps." });
  return app;
}

export function findApp(db: Database, name: string): Promise<AppRow | undefined> {
  return db.selectFrom("apps").selectAll().where("name", "=", name).executeTakeFirst();
}

/** Creates the app if it is not there; `firstVersion` is above every Revision that the cluster may still have of that name. */
export async function ensureApp(db: Database, app: { name: string; now: number; firstVersion?: number }): Promise<void> {
  await db
    .insertInto("apps")
    .values({
      name: app.name,
      kind: "application",
      next_version: app.firstVersion ?? 1,
      env_json: "{}",
      secrets_json: NO_SECRETS,
      failure: "",
      created_at: app.now,
      updated_at: app.now,
    })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
}

export function settingsOf(app: AppRow): AppSettings {
  return { env: JSON.parse(app.env_json) as AppSettings["env"], secrets: JSON.parse(app.secrets_json) as AppSettings["secrets"] };
}

export function configOf(version: VersionRow): VersionConfig {
  return JSON.parse(version.config_json) as VersionConfig;
}

export function versionOfOperation(db: Database, operation: string): Promise<VersionRow | undefined> {
  return db.selectFrom("versions").selectAll().where("operation", "=", operation).executeTakeFirst();
}

/** Newest first. */
export function listVersions(db: Database, app: string): Promise<VersionRow[]> {
  return db.selectFrom("versions").selectAll().where("app", "=", app).orderBy("number", "desc").execute();
}

/** Numbers the next version and stores it, together; an operation that comes back finds the one that it made. */
export async function createVersion(
  db: Database,
  version: { app: string; operation: string; config: VersionConfig; createdBy: string; now: number },
): Promise<VersionRow> {
  return db.transaction().execute(async (transaction) => {
    const made = await versionOfOperation(transaction, version.operation);
    if (made) return made;
    const app = await transaction
      .updateTable("apps")
      .set((eb) => ({ next_version: eb("next_version", "+", 1), kind: version.config.plan.kind, updated_at: version.now }))
      .where("name", "=", version.app)
      .returning("next_version")
      .executeTakeFirst();
    if (!app) throw operationError("version_gone", `The app ${version.app} was deleted meanwhile`, { hint: "Deploy it again." });
    return transaction
      .insertInto("versions")
      .values({
        app: version.app,
        number: app.next_version - 1,
        operation: version.operation,
        config_json: JSON.stringify(version.config),
        state: "creating",
        message: "",
        created_by: version.createdBy,
        created_at: version.now,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
  });
}

/** Newest first, the shares as they were set. */
export async function trafficHistory(db: Database, app: string): Promise<{ number: number; percent: number }[][]> {
  const rows = await db
    .selectFrom("traffic_history")
    .select("targets_json")
    .where("app", "=", app)
    .orderBy("seq", "desc")
    .limit(100)
    .execute();
  return rows.map((row) => JSON.parse(row.targets_json) as { number: number; percent: number }[]);
}

/** Everything that the database has of an app but its operations. */
export async function deleteAppRows(db: Database, name: string): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction.deleteFrom("versions").where("app", "=", name).execute();
    await transaction.deleteFrom("traffic_history").where("app", "=", name).execute();
    await transaction.deleteFrom("metric_points").where("app", "=", name).execute();
    await transaction.deleteFrom("metric_counters").where("app", "=", name).execute();
    await transaction.deleteFrom("apps").where("name", "=", name).execute();
  });
}
