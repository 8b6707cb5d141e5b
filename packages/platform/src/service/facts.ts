import type { Version } from "@ebb/api";
import {
  findApp,
  getApp,
  getPlace,
  listVersions,
  rulesOf,
  trafficHistory,
  type AppEnvironmentRow,
  type AppRow,
  type Place,
  type VersionRow,
} from "../apps/store.ts";
import { largestShare } from "../compile/traffic.ts";
import { versionName, versionNumber } from "../compile/names.ts";
import type { Deps } from "../deploy/context.ts";
import { sharesOf } from "../deploy/route.ts";
import { viewVersion, type AppFacts } from "../deploy/views.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import { getEnvironment, listEnvironments } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import { concerns, unfinishedOperations, type OperationRow } from "../operations/store.ts";

/** All that is known of an app in an environment. Throws `app_not_found`, `app_not_in_environment`. */
export async function factsOf(deps: Deps, place: Place): Promise<AppFacts> {
  const { db } = deps;
  const row = await getPlace(db, place);
  const app = await getApp(db, place.app);
  const [environment, versions, operations] = await Promise.all([
    getEnvironment(db, app.team, place.env),
    listVersions(db, place),
    unfinishedOperations(db, { team: app.team }),
  ]);
  return complete(deps, { app, place: row, environment, versions, operations });
}

/** The same of many apps, with as many queries as for one; by app, in the order of the chain. */
export async function factsOfAll(deps: Deps, apps: readonly AppRow[]): Promise<Map<string, AppFacts[]>> {
  const { db } = deps;
  const names = apps.length === 1 ? apps.map(({ name }) => name) : undefined;
  const [environments, places, versions, operations] = await Promise.all([
    listEnvironments(db),
    db
      .selectFrom("app_environments")
      .selectAll()
      .$if(names !== undefined, (query) => query.where("app", "in", names ?? []))
      .execute(),
    db
      .selectFrom("versions")
      .selectAll()
      .$if(names !== undefined, (query) => query.where("app", "in", names ?? []))
      .orderBy("number", "desc")
      .execute(),
    unfinishedOperations(db),
  ]);
  const placesOf = Map.groupBy(places, ({ app }) => app);
  const versionsOf = Map.groupBy(versions, ({ app, env }) => `${app} ${env}`);
  const result = new Map<string, AppFacts[]>();
  for (const app of apps) {
    const facts = environments
      .filter(({ team }) => team === app.team)
      .flatMap((environment) => {
        const place = placesOf.get(app.name)?.find(({ env }) => env === environment.name);
        const own = versionsOf.get(`${app.name} ${environment.name}`) ?? [];
        return place ? [{ app, place, environment, versions: own, operations }] : [];
      });
    result.set(app.name, await Promise.all(facts.map((known) => complete(deps, known))));
  }
  return result;
}

interface Known {
  app: AppRow;
  place: AppEnvironmentRow;
  environment: EnvironmentRow;
  versions: readonly VersionRow[];
  operations: readonly OperationRow[];
}

async function complete({ db, clusters }: Deps, { operations, ...known }: Known): Promise<AppFacts> {
  const { app, environment } = known;
  const cluster = clusters.of(environment);
  const place = { team: app.team, app: app.name, env: environment.name };
  const { ready, message } = cluster.health();
  const service = cluster.service(app.name);
  return {
    ...known,
    operation: operations.find((row) => concerns(row, place)),
    ingress: clusters.ingress(environment.cluster),
    unseen: ready ? "" : message,
    shares: ready ? sharesOf(app.name, service) : ((await trafficHistory(db, place))[0] ?? []),
    service,
    revisions: cluster.revisions(app.name),
    pods: cluster.pods(app.name),
  };
}

/** The team that a deployment of this name is for. The one that was asked for, else that of the app, else `fallback`. */
export async function teamOf(deps: Deps, app: string | undefined, asked: string | undefined, fallback: string): Promise<string> {
  if (asked !== undefined || app === undefined) return asked ?? fallback;
  return (await findApp(deps.db, app))?.team ?? fallback;
}

const UNUSABLE_HINTS: Partial<Record<Version["state"], string>> = {
  starting: "Wait until its deployment has ended.",
};

export function versionIn(facts: AppFacts, name: string): VersionRow {
  const { app, environment, versions } = facts;
  const row = versions.find((version) => version.number === versionNumber(name));
  if (row) return row;
  throw refuse("version_not_found", `${app.name} has no version ${name} in ${environment.name}`, {
    hint: `List them with: ebb versions ${app.name} --env ${environment.name}.`,
  });
}

/** The number of a version that can take traffic. Throws `version_not_found` and `version_not_ready`. */
export function usable(facts: AppFacts, name: string): number {
  const row = versionIn(facts, name);
  const { state, message } = viewAtRest(facts, row);
  if (state === "ready" || state === "asleep") return row.number;
  // Nothing is wrong with the version: a platform that has just started has not been told of it yet.
  if (state === "unknown") {
    throw refuse("cluster_unavailable", `Whether ${name} of ${facts.app.name} can take traffic is not known yet: ${message}`, {
      hint: "Try again in a moment; `ebb status` says when the cluster answers.",
    });
  }
  throw refuse("version_not_ready", `${name} of ${facts.app.name} cannot take traffic: it is ${state}${message ? ` (${message})` : ""}`, {
    hint: UNUSABLE_HINTS[state] ?? "Choose another version, or deploy it again.",
  });
}

/** The version that served before the present one and can still serve. Throws `nothing_to_roll_back`. */
export async function previous({ db }: Deps, facts: AppFacts): Promise<number> {
  const present = largestShare(facts.shares);
  const { app, environment } = facts;
  for (const shares of await trafficHistory(db, { app: app.name, env: environment.name })) {
    const number = largestShare(shares);
    const row = facts.versions.find((version) => version.number === number);
    if (row && number !== present && canServe(facts, row)) return row.number;
  }
  throw refuse("nothing_to_roll_back", `No version of ${app.name} served before the present one in ${environment.name}`, {
    hint: otherWayBack(facts, present),
  });
}

function otherWayBack(facts: AppFacts, present: number | undefined): string {
  const { app, environment, place, versions } = facts;
  const at = `${app.name} --env ${environment.name}`;
  if (rulesOf(place).length > 0) return `Its rules lead some requests elsewhere; they end with: ebb traffic ${at} --no-rules.`;
  const other = versions.find((row) => row.number !== present && canServe(facts, row));
  return other ? `Name the one you want: ebb rollback ${at} --to ${versionName(other.number)}.` : `It has no other: ebb versions ${at}.`;
}

function canServe(facts: AppFacts, row: VersionRow): boolean {
  return ["ready", "asleep"].includes(viewAtRest(facts, row).state);
}

/** Whatever its instances do just now: a registry that is away, or a database, may not keep anybody from going back to what has served. */
function viewAtRest(facts: AppFacts, row: VersionRow): Version {
  return viewVersion({ ...facts, pods: [] }, row);
}

/** The version with the largest share; undefined when none serves. */
export function serving(facts: AppFacts): VersionRow | undefined {
  const number = largestShare(facts.shares);
  return facts.versions.find((version) => version.number === number && version.state === "active");
}

export function scopeOf({ team, name }: EnvironmentRow, app: string): { team: string; app: string; env: string } {
  return { team, app, env: name };
}
