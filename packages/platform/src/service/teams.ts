import type { CreateTeam, PatchTeam, Team } from "@ebb/api";
import { changed, record } from "../audit/store.ts";
import type { Database } from "../database/database.ts";
import type { Deps } from "../deploy/context.ts";
import { environmentValues } from "./environments.ts";
import { listEnvironments } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import { isUniqueViolation } from "../database/database.ts";
import { DEFAULT_TEAM, getTeam, holdTeam, type TeamRow } from "../teams/store.ts";

const FIRST_ENVIRONMENTS = ["test", "staging", "prod"] as const;
/** With an environment's name they would be namespaces that clusters have of their own. */
const RESERVED = /^(kube|knative|istio|argo)(-|$)/;

export async function listTeams(db: Database, visible: readonly string[] | undefined): Promise<Team[]> {
  const rows = await db.selectFrom("teams").selectAll().orderBy("name").execute();
  return viewTeams(
    db,
    rows.filter(({ name }) => visible?.includes(name) ?? true),
  );
}

export async function viewTeam(db: Database, name: string): Promise<Team> {
  const [team] = await viewTeams(db, [await getTeam(db, name)]);
  if (!team) throw new Error("a team has one view");
  return team;
}

async function viewTeams(db: Database, rows: readonly TeamRow[]): Promise<Team[]> {
  const [environments, counts] = await Promise.all([
    listEnvironments(db),
    db
      .selectFrom("apps")
      .select(({ fn }) => ["team", fn.countAll<number | string>().as("count")])
      .groupBy("team")
      .execute(),
  ]);
  return rows.map((row) => ({
    name: row.name,
    description: row.description,
    environments: environments.filter(({ team }) => team === row.name).map(({ name }) => name),
    apps: Number(counts.find(({ team }) => team === row.name)?.count ?? 0),
    previewLimit: row.preview_limit,
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
  }));
}

/** Throws `team_exists`, and `invalid_request` for a name that clusters use for themselves. */
export async function createTeam({ db, clock }: Deps, body: CreateTeam): Promise<Team> {
  if (RESERVED.test(body.name)) {
    throw refuse("invalid_request", `A team cannot be called ${body.name}: clusters use such namespaces themselves`, {
      hint: "Choose another name.",
    });
  }
  const now = clock.now();
  const values = { name: body.name, description: body.description ?? "", created_at: now, updated_at: now };
  const environments = (body.environments ?? FIRST_ENVIRONMENTS).map((name) => environmentValues(body.name, { name, template: name }, now));
  try {
    await db.transaction().execute(async (transaction) => {
      await transaction.insertInto("teams").values(values).execute();
      if (environments.length > 0) await transaction.insertInto("environments").values(environments).execute();
      const after = { description: values.description, environments: environments.map(({ name }) => name) };
      await record(transaction, now, { action: "team.created", object: `team/${body.name}`, team: body.name, after });
    });
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw refuse("team_exists", `There is a team ${body.name}, or one with the namespaces that it would have`, {
      hint: "Choose another name.",
      cause,
    });
  }
  return viewTeam(db, body.name);
}

export async function patchTeam({ db, clock }: Deps, name: string, { description, previewLimit }: PatchTeam): Promise<Team> {
  await db.transaction().execute(async (transaction) => {
    const before = await holdTeam(transaction, name);
    const was = { description: before.description, preview_limit: before.preview_limit };
    const after = { description: description ?? was.description, preview_limit: previewLimit ?? was.preview_limit };
    await transaction
      .updateTable("teams")
      .set({ ...after, updated_at: clock.now() })
      .where("name", "=", name)
      .execute();
    const change = changed(was, after);
    await record(transaction, clock.now(), { action: "team.changed", object: `team/${name}`, team: name, ...change });
  });
  return viewTeam(db, name);
}

/** Throws `team_not_found`, and `team_in_use` while it has apps. */
export async function checkDeletable(db: Database, name: string): Promise<void> {
  const team = await viewTeam(db, name);
  if (name === DEFAULT_TEAM)
    throw refuse("team_in_use", "The team default cannot be deleted", { hint: "Delete its apps, if they are what is too much." });
  if (team.apps > 0) {
    throw refuse("team_in_use", `The team ${name} has ${team.apps} app${team.apps === 1 ? "" : "s"}`, {
      hint: `Delete them first; list them with: ebb apps --team ${name}.`,
    });
  }
}
