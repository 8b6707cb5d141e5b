import type { App, AppState, Domain, PlatformStatus } from "@ebb/api";
import type { Deps } from "../deploy/context.ts";
import type { Presence } from "../platforms/presence.ts";
import { diskOf } from "./disk.ts";
import type { UploadFolder } from "./uploads.ts";

const PROBE_TIMEOUT = 2000;

export interface StatusFacts {
  deps: Deps;
  version: string;
  clusterName: string;
  startedAt: number;
  user: string;
  /** Those that the user can see. */
  apps: readonly App[];
  domains: readonly Domain[];
  presence: Pick<Presence, "list">;
  /** In the data folder. */
  uploads: Pick<UploadFolder, "root">;
}

/** Of a domain that serves: what will end that. */
const ENDING = new Set(["certificate_expiring", "certificate_expired"]);

/** How the platform, its cluster and its gateway are; an app is counted in each of its environments. */
export async function viewStatus(facts: StatusFacts): Promise<PlatformStatus> {
  const { deps, version, clusterName, startedAt, user, apps, domains, presence, uploads } = facts;
  const { clusters, ingress, probe } = deps;
  const places = apps.flatMap((app) => app.environments);
  const count = (state: AppState) => places.filter((place) => place.state === state).length;
  const gateway = new URL(`http://${ingress.host}:${ingress.port}`);
  const ready = await probe(ingress, gateway, "/", AbortSignal.timeout(PROBE_TIMEOUT)).then(
    () => true,
    () => false,
  );
  return {
    version,
    startedAt: new Date(startedAt).toISOString(),
    user,
    cluster: { name: clusterName, ...clusters.health() },
    gateway: { address: `${ingress.host}:${ingress.port}`, ready },
    disk: await diskOf(uploads.root),
    platforms: await presence.list(),
    apps: { total: apps.length, ready: count("ready"), asleep: count("asleep"), failed: count("failed") },
    attention: domains.flatMap(({ name, app, environment, state, problem }) =>
      problem && (state === "failed" || ENDING.has(problem.code))
        ? [{ domain: name, app, environment, code: problem.code, message: problem.message }]
        : [],
    ),
  };
}
