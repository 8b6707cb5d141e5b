import type { MovePlan, Operation } from "@ebb/api";
import { UserError } from "@ebb/base";
import { approvalNeed } from "../approvals/policy.ts";
import { configOf, getPlace, listPlaces, listVersions, type Place } from "../apps/store.ts";
import type { ClusterPlace } from "../cluster/port.ts";
import { versionName } from "../compile/names.ts";
import { placeDeps, type Deps } from "../deploy/context.ts";
import type { MoveRequest } from "../deploy/move.ts";
import { loadOf } from "../deploy/transfer.ts";
import { listDomains } from "../domains/store.ts";
import { refuseFrozen } from "../environments/frozen.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import { getEnvironment } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import type { EnvironmentMove } from "../http/port.ts";
import { toOperation, unfinishedOperations, type OperationRow } from "../operations/store.ts";
import { TIMEOUTS } from "../operations/timeouts.ts";
import { clusterNamed, type EnvironmentDeps } from "./environments.ts";
import type { Places } from "./places.ts";

const SECOND = 1000;
type MoveDeps = Deps & EnvironmentDeps;

/**
 * Moves an environment to another cluster; one that does so already is as good as another. Throws `environment_not_found`, `cluster_not_found`,
 * `environment_on_cluster`, `environment_being_deleted`, `environment_busy`, `cluster_unavailable`, `environment_exists` and `host_taken`.
 */
export async function moveEnvironment(deps: MoveDeps, places: Places, move: EnvironmentMove, user: string): Promise<Operation> {
  const way = await wayOf(deps, move);
  const { environment, there, names, under } = way;
  const { team, name: env } = environment;
  await places.environmentStays(environment);
  const same = under.find(
    ({ kind, request_json }) => kind === "move" && (JSON.parse(request_json) as MoveRequest).cluster === there.cluster,
  );
  if (same) return toOperation(same, places.now);
  for (const check of checks(deps, way)) await check();
  const { holdSeconds = 0 } = move.body;
  const request: MoveRequest = { cluster: there.cluster, namespace: there.namespace, holdSeconds, names };
  return places.submit("move", { team, app: "", env, request, user, timeout: TIMEOUTS.move + holdSeconds * SECOND });
}

/** What it would do, with everything that keeps it from being done. Throws `environment_not_found` and `cluster_not_found`. */
export async function planMove(deps: MoveDeps, places: Places, move: EnvironmentMove): Promise<MovePlan> {
  const way = await wayOf(deps, move);
  const { environment, there, names } = way;
  const { team, name: env } = environment;
  const refusals: MovePlan["refusals"] = [];
  const all = [
    () => places.environmentStays(environment),
    ...checks(deps, way),
    () => refuseFrozen(deps.db, { team, env, now: places.now }),
  ];
  for (const check of all) {
    try {
      await check();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refusals.push({ code: error.code, message: error.message, hint: error.hint ?? "" });
    }
  }
  const apps: MovePlan["apps"] = [];
  for (const { app } of await listPlaces(deps.db, { team, env })) apps.push(await planApp(deps, environment, { app, env }));
  const approvals = (await approvalNeed(deps.db, { team, env }))?.needed ?? 0;
  return { ...names, namespace: there.namespace, approvals, refusals, apps };
}

async function planApp(deps: Deps, environment: EnvironmentRow, place: Place): Promise<MovePlan["apps"][number]> {
  const load = await loadOf(placeDeps(deps, environment), place);
  const goes = load?.goes ?? [];
  const stays = (await listVersions(deps.db, place)).filter(
    ({ state, number }) => state === "active" && !goes.some(({ version }) => version.number === number),
  );
  return {
    app: place.app,
    host: (await getPlace(deps.db, place)).host,
    versions: goes.map(({ version, because }) => ({
      version: versionName(version.number),
      because,
      bundle: configOf(version).bundle,
    })),
    lost: stays.map(({ number }) => versionName(number)),
    domains: (await listDomains(deps.db, place)).map(({ name }) => name),
  };
}

/** From where to where, and what goes on there. */
interface Way {
  environment: EnvironmentRow;
  there: ClusterPlace & { team: string; name: string };
  /** As people call the clusters. */
  names: { from: string; to: string };
  /** Unfinished operations in it. */
  under: OperationRow[];
}

async function wayOf(deps: MoveDeps, { team, env, body }: EnvironmentMove): Promise<Way> {
  const environment = await getEnvironment(deps.db, team, env);
  const cluster = await clusterNamed(deps, body.cluster);
  const names = { from: deps.clusterName(environment.cluster), to: deps.clusterName(cluster) };
  const under = (await unfinishedOperations(deps.db, { team })).filter((row) => row.env === env);
  return { environment, names, under, there: { team, name: env, cluster, namespace: namespaceThere(environment) } };
}

/** What may keep it from moving; each throws why it does. */
function checks(deps: MoveDeps, { environment, there, names, under }: Way): (() => void | Promise<void>)[] {
  const { team, name: env } = environment;
  return [
    () => refuseBusy(under, env),
    () => {
      if (environment.cluster !== there.cluster) return;
      throw refuse("environment_on_cluster", `${env} of ${team} is on ${names.to} already`, {
        hint: "See where all are: ebb cluster list.",
      });
    },
    ...[environment, there].map((at) => () => {
      const { ready, message } = deps.clusters.of(at).health();
      if (ready) return;
      throw refuse("cluster_unavailable", `The cluster ${deps.clusterName(at.cluster)} does not answer: ${message}`, {
        hint: "What serves is read on the one and brought to the other, so both must answer: ebb cluster list.",
      });
    }),
    // Early answers: the switch finds out for good.
    () => refuseNamespace(deps, there, names.to),
    () => refuseHosts(deps, there, names.to),
  ];
}

function refuseBusy(under: readonly OperationRow[], env: string): void {
  const busy = under.find(({ kind }) => kind === "release" || kind === "move");
  if (!busy) return;
  const moves = busy.kind === "move";
  throw refuse("environment_busy", moves ? `${env} is being moved already` : `A release of ${busy.app} is going on in ${env}`, {
    hint: moves ? `Let it end, or cancel it: ebb operations cancel ${busy.id}.` : "Let it end, or abort it: ebb release abort.",
  });
}

/** `default` is everybody's on another cluster. */
function namespaceThere({ team, name, namespace }: EnvironmentRow): string {
  return namespace === "default" ? `${team}-${name}` : namespace;
}

async function refuseNamespace({ db }: Deps, { cluster, namespace, team, name }: Way["there"], shown: string): Promise<void> {
  const other = await db
    .selectFrom("environments")
    .select(["team", "name"])
    .where("cluster", "=", cluster)
    .where("namespace", "=", namespace)
    .executeTakeFirst();
  if (!other || (other.team === team && other.name === name)) return;
  throw refuse("environment_exists", `The namespace ${namespace} of ${shown} is that of ${other.name} of ${other.team}`, {
    hint: "Move that one away first.",
  });
}

async function refuseHosts({ db }: Deps, { cluster, team, name }: Way["there"], shown: string): Promise<void> {
  const taken = await db
    .selectFrom("app_environments as mine")
    .innerJoin("apps", "apps.name", "mine.app")
    .innerJoin("app_environments as theirs", "theirs.host", "mine.host")
    .select(["mine.app", "theirs.app as other", "theirs.env", "mine.host"])
    .where("apps.team", "=", team)
    .where("mine.env", "=", name)
    .where("theirs.cluster", "=", cluster)
    .where(({ not, and, eb }) => not(and([eb("theirs.app", "=", eb.ref("mine.app")), eb("theirs.env", "=", name)])))
    .executeTakeFirst();
  if (!taken) return;
  throw refuse("host_taken", `On ${shown} the host ${taken.host} of ${taken.app} is that of ${taken.other} in ${taken.env}`, {
    hint: `Give one of the two another: ebb host ${taken.app} --env ${name} NAME.`,
  });
}
