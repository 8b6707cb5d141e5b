import type { AppMetadata, VersionSource } from "@ebb/api";
import type { Selectable } from "kysely";
import { isUniqueViolation, type Database } from "../database/database.ts";
import { NO_OLD_SECRETS } from "../configuration/store.ts";
import { operationError, refuse } from "../errors.ts";
import type { VersionConfig } from "../compile/version-config.ts";
import type { Mirror, Rule } from "../compile/virtual-service.ts";
import type { AppEnvironmentTable, AppTable, VersionTable } from "../database/schema.ts";
import { checkAppQuota } from "../quotas/apps.ts";
import { fitsHost, hostLabel } from "../environments/host.ts";
import type { EnvironmentRow } from "../environments/policies.ts";

export type AppRow = Selectable<AppTable>;
export type AppEnvironmentRow = Selectable<AppEnvironmentTable>;
export type VersionRow = Selectable<VersionTable>;

/** An app in an environment of its team. */
export interface Place {
  readonly app: string;
  readonly env: string;
}

/** Where a version's artifact came from. */
export interface Origin {
  commit?: string;
  source?: VersionSource;
  promotedFrom?: { environment: string; version: string };
}

/** Throws `app_not_found`. */
export async function getApp(db: Database, name: string): Promise<AppRow> {
  const app = await findApp(db, name);
  if (!app) throw refuse("app_not_found", `There is no app ${name}`, { hint: "List them with: ebb apps." });
  return app;
}

/** Reads it in order to change it: who else does waits until this transaction has ended. Throws `app_not_found`. */
export async function holdApp(transaction: Database, name: string): Promise<AppRow> {
  await transaction
    .updateTable("apps")
    .set((eb) => ({ updated_at: eb.ref("updated_at") }))
    .where("name", "=", name)
    .execute();
  return getApp(transaction, name);
}

export function findApp(db: Database, name: string): Promise<AppRow | undefined> {
  return db.selectFrom("apps").selectAll().where("name", "=", name).executeTakeFirst();
}

/** Throws `app_not_found` and `app_not_in_environment`. */
export async function getPlace(db: Database, place: Place): Promise<AppEnvironmentRow> {
  const row = await findPlace(db, place);
  if (row) return row;
  await getApp(db, place.app);
  throw refuse("app_not_in_environment", `${place.app} is not in the environment ${place.env}`, {
    hint: `See where it is with: ebb apps ${place.app}.`,
  });
}

export function findPlace(db: Database, { app, env }: Place): Promise<AppEnvironmentRow | undefined> {
  return db.selectFrom("app_environments").selectAll().where("app", "=", app).where("env", "=", env).executeTakeFirst();
}

/** Creates the app if it is not there. Throws `app_in_other_team` when it is somebody else's, and `quota_exceeded`. */
export async function ensureApp(
  db: Database,
  app: { name: string; team: string; now: number; metadata?: Partial<AppMetadata> },
): Promise<AppRow> {
  if (!(await findApp(db, app.name))) await checkAppQuota(db, app.team);
  await db
    .insertInto("apps")
    .values({
      name: app.name,
      team: app.team,
      kind: "application",
      metadata_json: JSON.stringify(app.metadata ?? {}),
      created_at: app.now,
      updated_at: app.now,
    })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const row = await getApp(db, app.name);
  if (row.team !== app.team) throw otherTeam(row, app.team);
  return row;
}

export function otherTeam(app: AppRow, asked: string): Error {
  return refuse("app_in_other_team", `The app ${app.name} belongs to the team ${app.team}, not to ${asked}`, {
    hint: `Choose another name, or deploy it for that team: --team ${app.team}.`,
  });
}

/**
 * The app in the environment, made if need be; `firstVersion` is above every Revision that the cluster may still have of that name. Throws
 * `host_taken` and `name_too_long`.
 */
export async function ensurePlace(
  db: Database,
  { app, environment, now, firstVersion = 1 }: { app: string; environment: EnvironmentRow; now: number; firstVersion?: number },
): Promise<AppEnvironmentRow> {
  const place = { app, env: environment.name };
  const present = await findPlace(db, place);
  if (present) return present;
  const host = hostLabel(app, environment);
  if (!fitsHost(host)) {
    throw refuse("name_too_long", `${app} is too long a name for a host in ${environment.name}: ${host}`, {
      hint: "Choose a shorter name.",
    });
  }
  const values = {
    ...place,
    cluster: environment.cluster,
    host,
    next_version: firstVersion,
    secrets_json: NO_OLD_SECRETS,
    failure: "",
    created_at: now,
    updated_at: now,
  };
  await orHostTaken(host, () =>
    db
      .insertInto("app_environments")
      .values(values)
      .onConflict((conflict) => conflict.columns(["app", "env"]).doNothing())
      .execute(),
  );
  return getPlace(db, place);
}

/** Gives an app another host in an environment. Throws `host_taken`. */
export async function setHost(db: Database, { app, env }: Place, host: string, now: number): Promise<void> {
  await orHostTaken(host, () =>
    db.updateTable("app_environments").set({ host, updated_at: now }).where("app", "=", app).where("env", "=", env).execute(),
  );
}

/** An early answer: who writes the host finds out for good. Throws `host_taken`. */
export async function checkHostFree(db: Database, { app, env, cluster }: Place & { cluster: string }, host: string): Promise<void> {
  const holder = await db
    .selectFrom("app_environments")
    .select(["app", "env"])
    .where("cluster", "=", cluster)
    .where("host", "=", host)
    .executeTakeFirst();
  if (holder && (holder.app !== app || holder.env !== env)) throw hostTaken(host);
}

async function orHostTaken(host: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw hostTaken(host, cause);
  }
}

function hostTaken(host: string, cause?: unknown): Error {
  return refuse("host_taken", `Another app of this cluster has the host ${host}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Give one of the two a host of its own: ebb host APP --env ENV NAME.",
  });
}

export function rulesOf(app: AppEnvironmentRow): Rule[] {
  return JSON.parse(app.rules_json) as Rule[];
}

export function mirrorOf(app: Pick<AppEnvironmentRow, "mirror_json">): Mirror | null {
  return app.mirror_json === "" ? null : (JSON.parse(app.mirror_json) as Mirror);
}

export function configOf(version: VersionRow): VersionConfig {
  return JSON.parse(version.config_json) as VersionConfig;
}

export function originOf(version: VersionRow): Origin {
  return JSON.parse(version.origin_json) as Origin;
}

/** That of the artifact, which is part of its reference; null for an image that was named without one. */
export function digestOf(config: VersionConfig): string | null {
  return /@(sha256:[0-9a-f]{64})$/.exec(config.image)?.[1] ?? null;
}

export function versionOfOperation(db: Database, operation: string): Promise<VersionRow | undefined> {
  return db.selectFrom("versions").selectAll().where("operation", "=", operation).executeTakeFirst();
}

/** Newest first. */
export function listVersions(db: Database, { app, env }: Place): Promise<VersionRow[]> {
  return db.selectFrom("versions").selectAll().where("app", "=", app).where("env", "=", env).orderBy("number", "desc").execute();
}

/** Numbers the next version and stores it, together; an operation that comes back finds the one that it made. */
export async function createVersion(
  db: Database,
  version: { app: string; env: string; operation: string; config: VersionConfig; origin: Origin; createdBy: string; now: number },
): Promise<VersionRow> {
  return db.transaction().execute(async (transaction) => {
    const made = await versionOfOperation(transaction, version.operation);
    if (made) return made;
    const app = await transaction
      .updateTable("app_environments")
      .set((eb) => ({ next_version: eb("next_version", "+", 1), updated_at: version.now }))
      .where("app", "=", version.app)
      .where("env", "=", version.env)
      .returning("next_version")
      .executeTakeFirst();
    if (!app) throw operationError("version_gone", `The app ${version.app} was deleted meanwhile`, { hint: "Deploy it again." });
    await transaction.updateTable("apps").set({ kind: version.config.plan.kind }).where("name", "=", version.app).execute();
    return transaction
      .insertInto("versions")
      .values({
        app: version.app,
        env: version.env,
        number: app.next_version - 1,
        operation: version.operation,
        config_json: JSON.stringify(version.config),
        origin_json: JSON.stringify(version.origin),
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
export async function trafficHistory(db: Database, { app, env }: Place): Promise<{ number: number; percent: number }[][]> {
  const rows = await db
    .selectFrom("traffic_history")
    .select("targets_json")
    .where("app", "=", app)
    .where("env", "=", env)
    .orderBy("seq", "desc")
    .limit(100)
    .execute();
  return rows.map((row) => JSON.parse(row.targets_json) as { number: number; percent: number }[]);
}

const TABLES = ["versions", "traffic_history", "metric_points", "metric_counters", "config_values", "app_environments"] as const;

/** Everything that the database has of an app in an environment but its operations. */
export async function deletePlaceRows(db: Database, { app, env }: Place): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    for (const table of TABLES) await transaction.deleteFrom(table).where("app", "=", app).where("env", "=", env).execute();
  });
}

/** The apps in the environments of all teams, or of those of one team, one name of an environment, one app; by team, environment and app. */
export function listPlaces(
  db: Database,
  { team = "", env = "", app = "" }: Partial<Place & { team: string }>,
): Promise<(Place & { team: string })[]> {
  return db
    .selectFrom("app_environments as p")
    .innerJoin("apps as a", "a.name", "p.app")
    .select(["a.team", "p.env", "p.app"])
    .$if(team !== "", (query) => query.where("a.team", "=", team))
    .$if(env !== "", (query) => query.where("p.env", "=", env))
    .$if(app !== "", (query) => query.where("p.app", "=", app))
    .orderBy("a.team")
    .orderBy("p.env")
    .orderBy("p.app")
    .execute();
}
