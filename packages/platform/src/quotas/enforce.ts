import { configOf, listPlaces, trafficHistory, type Place, type VersionRow } from "../apps/store.ts";
import type { VersionConfig } from "../compile/version-config.ts";
import type { Deps } from "../deploy/context.ts";
import { viewScaling } from "../deploy/live-policy.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import { listEnvironments } from "../environments/store.ts";
import { operationError, refuse } from "../errors.ts";
import { getTeam } from "../teams/store.ts";
import { clusterQuota, keptFault, parseQuota, type Kept } from "./quota.ts";

/** Before a version is made: whether the team may have it, and the cluster knows its quota. Throws operation error `quota_exceeded`. */
export async function checkVersionQuota(deps: Deps, environment: EnvironmentRow, app: string, config: VersionConfig): Promise<void> {
  const { team, name: env } = environment;
  const quota = parseQuota((await getTeam(deps.db, team)).quota_json);
  const limits = clusterQuota(quota);
  if (limits === null) return;
  const wanted = keptBy({ app, env }, config, boundOver(deps, environment, app));
  const fault = keptFault(quota, wanted, await keptElsewhere(deps, team, { app, env }));
  if (fault !== undefined) {
    throw operationError("quota_exceeded", `The quota of the team ${team} does not allow it: ${fault}`, {
      hint: `Ask for less, keep fewer instances elsewhere, or ask a platform administrator: ebb team quota ${team}.`,
    });
  }
  await deps.clusters.of(environment).putQuota(limits);
}

/** Before each version that serves there keeps so many instances, whatever it says itself. Throws `quota_exceeded`. */
export async function checkMinQuota(deps: QuotaDeps, { team, place, min }: { team: string; place: Place; min: number }): Promise<void> {
  const quota = parseQuota((await getTeam(deps.db, team)).quota_json);
  if (clusterQuota(quota) === null) return;
  const [wanted, ...others] = (await servingIn(deps, place)).map((version) => keptBy(place, configOf(version), min));
  const fault = wanted && keptFault(quota, wanted, [...others, ...(await keptElsewhere(deps, team, place))]);
  if (fault === undefined) return;
  throw refuse("quota_exceeded", `The quota of the team ${team} does not allow it: ${fault}`, {
    hint: `Keep fewer, here or elsewhere, or ask a platform administrator: ebb team quota ${team}.`,
  });
}

type QuotaDeps = Pick<Deps, "db" | "clusters">;

/** What a version keeps there: the bound that is set over the versions' own (`ebb scale --min`), else its own. A maximum below it yields to it. */
function keptBy({ app, env }: Place, { plan, scaling }: VersionConfig, over: number | null): Kept {
  return { where: `${app} in ${env}`, instances: over ?? (scaling ?? plan.scaling).min, resources: plan.resources };
}

function boundOver({ clusters }: QuotaDeps, environment: EnvironmentRow, app: string): number | null {
  return viewScaling(clusters.of(environment).service(app)).min;
}

/** What serves in the team's other places. */
async function keptElsewhere(deps: QuotaDeps, team: string, place: Place): Promise<Kept[]> {
  const environments = new Map((await listEnvironments(deps.db, team)).map((row) => [row.name, row]));
  const kept: Kept[] = [];
  for (const other of await listPlaces(deps.db, { team })) {
    const environment = environments.get(other.env);
    if (!environment || (other.app === place.app && other.env === place.env)) continue;
    const over = boundOver(deps, environment, other.app);
    kept.push(...(await servingIn(deps, other)).map((version) => keptBy(other, configOf(version), over)));
  }
  return kept;
}

async function servingIn({ db }: QuotaDeps, place: Place): Promise<VersionRow[]> {
  const serving = ((await trafficHistory(db, place))[0] ?? []).map(({ number }) => number);
  if (serving.length === 0) return [];
  return db
    .selectFrom("versions")
    .selectAll()
    .where("app", "=", place.app)
    .where("env", "=", place.env)
    .where("number", "in", serving)
    .where("state", "=", "active")
    .execute();
}

/** Before anything is brought to a namespace that may be new. */
export async function tellQuota({ db, clusters }: Deps, environment: EnvironmentRow): Promise<void> {
  const limits = clusterQuota(parseQuota((await getTeam(db, environment.team)).quota_json));
  if (limits !== null) await clusters.of(environment).putQuota(limits);
}

/** Tells the clusters of a team's environments; one that does not answer is told with the next version, or by housekeeping. */
export async function spreadQuota(deps: Deps, team: string): Promise<void> {
  const limits = clusterQuota(parseQuota((await getTeam(deps.db, team)).quota_json));
  for (const environment of await listEnvironments(deps.db, team)) {
    const cluster = deps.clusters.of(environment);
    try {
      // Nothing is in a namespace that is not there, and the first version brings the quota with it. `default` is there, and not of Ebb's making.
      if (environment.namespace === "default" || (await cluster.hasNamespace())) await cluster.putQuota(limits);
    } catch (error) {
      deps.log.warn({ team, environment: environment.name, error }, "a cluster could not be told of a team's quota");
    }
  }
}

export async function spreadAllQuotas(deps: Deps): Promise<void> {
  for (const { name } of await deps.db.selectFrom("teams").select("name").where("quota_json", "!=", "{}").execute()) {
    await spreadQuota(deps, name);
  }
}
