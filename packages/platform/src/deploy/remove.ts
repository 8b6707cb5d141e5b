import { sleep } from "@ebb/base";
import { deletePlaceRows, listPlaces } from "../apps/store.ts";
import { removeDomainsOf } from "../domains/remove.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import { listEnvironments } from "../environments/store.ts";
import { operationError } from "../errors.ts";
import type { Run } from "../operations/run.ts";
import { placeDeps, type Deps, type PlaceDeps } from "./context.ts";
import { readOwnService, workAt, type Work } from "./route.ts";
import { say } from "../operations/words.ts";

const POLL = 500;

interface Removed {
  app: string;
  environment: EnvironmentRow;
}

/**
 * Deletes what the operation is about: an app in an environment, an app, an environment with its apps and its namespace, or a team with its
 * environments. The cluster first, the rows last: whatever is interrupted is found again.
 */
export async function remove(deps: Deps, run: Run): Promise<void> {
  const { db } = deps;
  run.enter("delete", say("delete.deleting"));
  const environments = (await listEnvironments(db, run.team)).filter(({ name }) => run.env === "" || run.env === name);
  const removed = await appsIn(deps, run, environments);
  // What is not ours is refused before anything is gone.
  for (const { app, environment } of removed) await readOwnService(placeDeps(deps, environment), app);
  if (run.app === "" && run.env === "") await refuseApps(deps, run.team);
  await run.commit();
  for (const each of removed) await removeApp(deps, run, each);
  if (run.app !== "") {
    if (run.env !== "") return;
    await db.deleteFrom("repositories").where("app", "=", run.app).execute();
    await db.deleteFrom("apps").where("name", "=", run.app).where("team", "=", run.team).execute();
    return;
  }
  for (const environment of environments) await removeEnvironment(deps, run, environment);
  if (run.env === "") await removeTeam(deps, run.team);
}

/** With what gives rights in it: a team of the same name may be made again. */
async function removeTeam({ db }: Deps, team: string): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction.deleteFrom("team_members").where("team", "=", team).execute();
    await transaction.deleteFrom("tokens").where("team", "=", team).execute();
    await transaction.deleteFrom("config_values").where("team", "=", team).execute();
    await transaction.deleteFrom("git_credentials").where("team", "=", team).execute();
    // What was sealed with it cannot be read any more, not even from a copy of the database.
    await transaction.deleteFrom("data_keys").where("owner", "=", team).execute();
    await transaction.deleteFrom("teams").where("name", "=", team).execute();
  });
}

async function appsIn({ db }: Deps, run: Run, environments: readonly EnvironmentRow[]): Promise<Removed[]> {
  const places = await listPlaces(db, { team: run.team, app: run.app });
  return places.flatMap(({ app, env }) => {
    const environment = environments.find(({ name }) => name === env);
    return environment ? [{ app, environment }] : [];
  });
}

async function refuseApps({ db }: Deps, team: string): Promise<void> {
  const app = await db.selectFrom("apps").select("name").where("team", "=", team).executeTakeFirst();
  if (app) throw operationError("team_in_use", `The team ${team} has the app ${app.name} since then`, { hint: "Delete its apps first." });
}

async function removeApp(deps: Deps, run: Run, { app, environment }: Removed): Promise<void> {
  const here = placeDeps(deps, environment);
  const place = { app, env: environment.name };
  await removeDomainsOf(deps.db, here.cluster, place);
  await clearApp(here, workAt(place, run));
  await deletePlaceRows(deps.db, place);
}

/** All that the cluster has of the app there; what the database knows of it stays. May be repeated. */
export async function clearApp({ cluster, clock }: PlaceDeps, { app, signal, say: tell }: Work): Promise<void> {
  await cluster.deleteVirtualService(app);
  if (await cluster.guard.supported()) await cluster.guard.put(app, []);
  if (await cluster.readService(app)) await cluster.deleteService(app);
  for (;;) {
    const left = await cluster.readLeftovers(app);
    if (left.length === 0) break;
    tell(say("delete.waiting", { names: `${left.slice(0, 3).join(", ")}${left.length > 3 ? " …" : ""}` }));
    await sleep(clock, POLL, signal);
  }
  for (const secret of await cluster.listSecrets()) if (secret.app === app) await cluster.deleteSecret(secret.name);
}

async function removeEnvironment(deps: Deps, run: Run, environment: EnvironmentRow): Promise<void> {
  const { db } = deps;
  const { team, name } = environment;
  await clearNamespace(placeDeps(deps, environment), run);
  await db.deleteFrom("config_values").where("team", "=", team).where("env", "=", name).execute();
  await db.deleteFrom("environments").where("team", "=", team).where("name", "=", name).execute();
}

/** With all that is left in it. May be repeated. */
export async function clearNamespace({ cluster, clock, environment }: PlaceDeps, work: Pick<Work, "signal" | "say">): Promise<void> {
  await cluster.deleteNamespace();
  while (await cluster.hasNamespace()) {
    work.say(say("delete.namespace", { namespace: environment.namespace }));
    await sleep(clock, POLL, work.signal);
  }
}
