import type { CreateEnvironment, Environment, PatchEnvironment } from "@ebb/api";
import type { Insertable, Updateable } from "kysely";
import { changed, record } from "../audit/store.ts";
import { isRunning } from "../cluster/pods.ts";
import { isUniqueViolation, type Database } from "../database/database.ts";
import type { EnvironmentTable } from "../database/schema.ts";
import type { Deps } from "../deploy/context.ts";
import { checkFreezes, viewFreeze } from "../environments/freezes.ts";
import { checkSchedule } from "../environments/schedule.ts";
import { refusesRequests, viewSleep } from "../environments/sleep.ts";
import { patchSettings, policiesOf, type EnvironmentRow } from "../environments/policies.ts";
import { getEnvironment, holdEnvironment, listEnvironments, MAIN_CLUSTER } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import { DEFAULT_TEAM, getTeam } from "../teams/store.ts";

/** Throws `team_not_found`. */
export async function viewEnvironments(deps: EnvironmentDeps, team: string): Promise<Environment[]> {
  await getTeam(deps.db, team);
  return Promise.all((await listEnvironments(deps.db, team)).map((row) => view(deps, row)));
}

export async function viewEnvironment(deps: EnvironmentDeps, team: string, name: string): Promise<Environment> {
  await getTeam(deps.db, team);
  return view(deps, await getEnvironment(deps.db, team, name));
}

export interface EnvironmentDeps extends Pick<Deps, "db" | "clock" | "clusters"> {
  /** How people call a cluster. */
  clusterName: (cluster: string) => string;
}

async function view({ db, clock, clusters, clusterName }: EnvironmentDeps, row: EnvironmentRow): Promise<Environment> {
  return {
    team: row.team,
    name: row.name,
    template: row.template,
    ...policiesOf(row),
    cluster: clusterName(row.cluster),
    namespace: row.namespace,
    hostSuffix: row.host_suffix,
    frozen: viewFreeze(policiesOf(row).freezes, clock.now()),
    preview: row.expires_at === null ? null : { branch: row.branch || null, expiresAt: new Date(row.expires_at).toISOString() },
    ...viewSleep(row, clock.now()),
    instances: clusters.of(row).pods().filter(isRunning).length,
    apps: await countApps(db, row),
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
  };
}

async function countApps(db: Database, { team, name }: EnvironmentRow): Promise<number> {
  const { count } = await db
    .selectFrom("app_environments as p")
    .innerJoin("apps as a", "a.name", "p.app")
    .select(({ fn }) => fn.countAll<number | string>().as("count"))
    .where("a.team", "=", team)
    .where("p.env", "=", name)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The row of a new environment; its template is that of its name where none is named. */
export function environmentValues(team: string, body: CreateEnvironment, now: number): Insertable<EnvironmentTable> {
  const { name, cluster = MAIN_CLUSTER, template = templateFor(name), hostSuffix, ...policies } = body;
  return {
    team,
    name,
    template,
    cluster,
    // Where everything was before there were environments, and where plain kubectl looks.
    namespace: team === DEFAULT_TEAM && name === "test" ? "default" : `${team}-${name}`,
    host_suffix: hostSuffix ?? (template === "prod" ? "" : `-${name}`),
    settings_json: patchSettings("{}", policies),
    schedule_seen: now,
    created_at: now,
    updated_at: now,
  };
}

/** What their schemas do not see. Throws `invalid_request`. */
function checkPolicies({ freezes, schedule }: PatchEnvironment, now: number): void {
  checkFreezes(freezes ?? [], now);
  if (schedule) checkSchedule(schedule, now);
}

/** A schedule counts from now on. What an environment that sleeps says of its end is said anew. */
function scheduleChange(row: EnvironmentRow, { schedule }: PatchEnvironment, now: number): Updateable<EnvironmentTable> {
  if (schedule === undefined) return {};
  return { schedule_seen: now, ...(refusesRequests(row) ? { sleep_settled: 0 } : {}) };
}

function templateFor(name: string): EnvironmentRow["template"] {
  const templates = ["test", "stable", "staging", "prod"] as const;
  return templates.find((template) => template === name) ?? "test";
}

/** Throws `environment_exists` and `cluster_not_found`. */
export async function createEnvironment(deps: EnvironmentDeps, team: string, body: CreateEnvironment): Promise<Environment> {
  const { db, clock } = deps;
  checkPolicies(body, clock.now());
  await getTeam(db, team);
  const cluster = await clusterNamed(deps, body.cluster);
  const values = environmentValues(team, { ...body, cluster, order: body.order ?? (await nextOrder(db, team, body)) }, clock.now());
  try {
    await db.transaction().execute(async (transaction) => {
      await transaction.insertInto("environments").values(values).execute();
      await holdCluster(transaction, cluster);
      const after = {
        template: values.template,
        cluster: deps.clusterName(cluster),
        hostSuffix: values.host_suffix,
        ...policiesOf(values),
      };
      await record(transaction, clock.now(), { action: "environment.created", object: `environment/${team}/${body.name}`, team, after });
    });
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw environmentExists(values, cause);
  }
  return viewEnvironment(deps, team, body.name);
}

/** As the database calls it. Throws `cluster_not_found`. */
export async function clusterNamed({ db, clusterName }: EnvironmentDeps, name: string | undefined): Promise<string> {
  if (name === undefined || name === clusterName(MAIN_CLUSTER)) return MAIN_CLUSTER;
  await holdCluster(db, name);
  return name;
}

/** It is there, and stays until the transaction has ended. Throws `cluster_not_found`. */
async function holdCluster(db: Database, name: string): Promise<void> {
  if (name === MAIN_CLUSTER) return;
  const { numUpdatedRows } = await db
    .updateTable("clusters")
    .set((eb) => ({ server: eb.ref("server") }))
    .where("name", "=", name)
    .executeTakeFirst();
  if (numUpdatedRows === 0n)
    throw refuse("cluster_not_found", `There is no cluster ${name}`, { hint: "List them with: ebb cluster list." });
}

export function environmentExists({ team, name, namespace }: Insertable<EnvironmentTable>, cause: unknown): Error {
  return refuse("environment_exists", `The team ${team} has an environment ${name}, or another team one in the namespace ${namespace}`, {
    hint: "Choose another name.",
    cause,
  });
}

/** Behind those of the same template: a new one never becomes the one that deploys go to by accident. */
async function nextOrder(db: Database, team: string, { name, template = templateFor(name) }: CreateEnvironment): Promise<number> {
  const same = (await listEnvironments(db, team))
    .filter((row) => row.template === template && row.expires_at === null)
    .map((row) => policiesOf(row).order);
  return same.length === 0 ? policiesOf({ template, settings_json: "{}" }).order : Math.max(...same) + 1;
}

export async function patchEnvironment(deps: EnvironmentDeps, team: string, name: string, body: PatchEnvironment): Promise<Environment> {
  const { db, clock } = deps;
  await getTeam(db, team);
  checkPolicies(body, clock.now());
  await db.transaction().execute(async (transaction) => {
    const row = await holdEnvironment(transaction, team, name);
    const settings_json = patchSettings(row.settings_json, body);
    await transaction
      .updateTable("environments")
      .set({ settings_json, updated_at: clock.now(), ...scheduleChange(row, body, clock.now()) })
      .where("team", "=", team)
      .where("name", "=", name)
      .execute();
    const change = changed(policiesOf(row), policiesOf({ ...row, settings_json }));
    await record(transaction, clock.now(), { action: "environment.changed", object: `environment/${team}/${name}`, team, ...change });
  });
  return viewEnvironment(deps, team, name);
}
