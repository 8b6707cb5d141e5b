import type { Operation } from "@ebb/api";
import type { Deps } from "../deploy/context.ts";
import type { MoveRequest } from "../deploy/move.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import { getEnvironment } from "../environments/store.ts";
import { refuse } from "../errors.ts";
import type { EnvironmentMove } from "../http/port.ts";
import { toOperation, unfinishedOperations } from "../operations/store.ts";
import { TIMEOUTS } from "../operations/timeouts.ts";
import { clusterNamed, type EnvironmentDeps } from "./environments.ts";
import type { Places } from "./places.ts";

const SECOND = 1000;

/**
 * Moves an environment to another cluster; one that does so already is as good as another. Throws `environment_not_found`, `cluster_not_found`,
 * `environment_on_cluster`, `environment_being_deleted`, `environment_busy`, `cluster_unavailable`, `environment_exists` and `host_taken`.
 */
export async function moveEnvironment(
  deps: Deps & EnvironmentDeps,
  places: Places,
  { team, env, body }: EnvironmentMove,
  user: string,
): Promise<Operation> {
  const { db, clusters, clusterName } = deps;
  const environment = await getEnvironment(db, team, env);
  const cluster = await clusterNamed(deps, body.cluster);
  const names = { from: clusterName(environment.cluster), to: clusterName(cluster) };
  await places.environmentStays(environment);
  const under = (await unfinishedOperations(db, { team })).filter((row) => row.env === env);
  const same = under.find(({ kind, request_json }) => kind === "move" && (JSON.parse(request_json) as MoveRequest).cluster === cluster);
  if (same) return toOperation(same, places.now);
  const release = under.find(({ kind }) => kind === "release" || kind === "move");
  if (release) {
    throw refuse(
      "environment_busy",
      release.kind === "move" ? `${env} is being moved already` : `A release of ${release.app} is going on in ${env}`,
      {
        hint:
          release.kind === "move"
            ? `Let it end, or cancel it: ebb operations cancel ${release.id}.`
            : "Let it end, or abort it: ebb release abort.",
      },
    );
  }
  if (environment.cluster === cluster) {
    throw refuse("environment_on_cluster", `${env} of ${team} is on ${names.to} already`, { hint: "See where all are: ebb cluster list." });
  }
  const place = { team, name: env, cluster, namespace: namespaceThere(environment) };
  for (const at of [environment, place]) {
    const { ready, message } = clusters.of(at).health();
    if (!ready) {
      throw refuse("cluster_unavailable", `The cluster ${clusterName(at.cluster)} does not answer: ${message}`, {
        hint: "What serves is read on the one and brought to the other, so both must answer: ebb cluster list.",
      });
    }
  }
  await refuseTaken(deps, place, names.to);
  const { holdSeconds = 0 } = body;
  const request: MoveRequest = { cluster, namespace: place.namespace, holdSeconds, names };
  return places.submit("move", { team, app: "", env, request, user, timeout: TIMEOUTS.move + holdSeconds * SECOND });
}

/** `default` is everybody's on another cluster. */
function namespaceThere({ team, name, namespace }: EnvironmentRow): string {
  return namespace === "default" ? `${team}-${name}` : namespace;
}

/** An early answer: the switch finds out for good. */
async function refuseTaken(
  { db }: Deps,
  { team, name, cluster, namespace }: { team: string; name: string; cluster: string; namespace: string },
  shown: string,
): Promise<void> {
  const other = await db
    .selectFrom("environments")
    .select(["team", "name"])
    .where("cluster", "=", cluster)
    .where("namespace", "=", namespace)
    .executeTakeFirst();
  if (other) {
    throw refuse("environment_exists", `The namespace ${namespace} of ${shown} is that of ${other.name} of ${other.team}`, {
      hint: "Move that one away first.",
    });
  }
  const taken = await db
    .selectFrom("app_environments as mine")
    .innerJoin("apps", "apps.name", "mine.app")
    .innerJoin("app_environments as theirs", "theirs.host", "mine.host")
    .select(["mine.app", "theirs.app as other", "theirs.env", "mine.host"])
    .where("apps.team", "=", team)
    .where("mine.env", "=", name)
    .where("theirs.cluster", "=", cluster)
    .executeTakeFirst();
  if (taken) {
    throw refuse("host_taken", `On ${shown} the host ${taken.host} of ${taken.app} is that of ${taken.other} in ${taken.env}`, {
      hint: `Give one of the two another: ebb host ${taken.app} --env ${name} NAME.`,
    });
  }
}
