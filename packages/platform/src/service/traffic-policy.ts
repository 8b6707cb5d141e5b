import { isDeepStrictEqual } from "node:util";
import type { GuardInForce, PatchTrafficPolicy, TrafficPolicy, Unenforced } from "@ebb/api";
import { sleep, TransientError } from "@ebb/base";
import { policyProblems, StatusError, TRAFFIC_POLICY, type KnativeService } from "@ebb/kube";
import type { Place } from "../apps/store.ts";
import { changed, record } from "../audit/store.ts";
import type { Cluster } from "../cluster/port.ts";
import type { PlaceDeps } from "../deploy/context.ts";
import { isHeldByRules } from "../deploy/external-host.ts";
import { renewHeldHosts } from "../deploy/hold-hosts.ts";
import { istioGuardOf } from "../deploy/istio-guards.ts";
import { policyOf } from "../deploy/traffic-policy.ts";
import { refuse } from "../errors.ts";
import { claim } from "../revisions/store.ts";

const NONE: TrafficPolicy = { deny: [], allow: [], rateLimits: [], affinity: null, ejection: null, retries: null };
/** How long the gateway may take to have it, where it holds the hosts by rules. */
const PATIENCE = 10_000;
const POLL = 20;

/** The policy as the Service has it, and who enforces it. */
export async function viewTrafficPolicy(deps: PlaceDeps, place: Place): Promise<GuardInForce> {
  const service = deps.cluster.service(place.app);
  return { ...NONE, ...policyOf(service), enforcement: service ? await enforcementOf(deps, place, service) : null };
}

/** Null where nobody enforces policies, or the cluster does not answer. */
async function enforcementOf(deps: PlaceDeps, place: Place, service: KnativeService): Promise<GuardInForce["enforcement"]> {
  try {
    if (await deps.cluster.guard.supported()) return { by: "istio", missing: (await istioGuardOf(deps, place, service)).missing };
    return (await policyInForce(deps.cluster, service)) ? { by: "ebb", missing: [] } : null;
  } catch (error) {
    if (error instanceof TransientError || isUnserved(error)) return null;
    throw error;
  }
}

/** Changes parts of the policy. Throws `nothing_deployed` where the app has no version yet, and `invalid_request`. */
export async function patchTrafficPolicy(deps: PlaceDeps, place: Place, team: string, body: PatchTrafficPolicy): Promise<GuardInForce> {
  const { db, clock, cluster } = deps;
  const service = await cluster.readService(place.app);
  if (!service) {
    throw refuse("nothing_deployed", `Nothing of ${place.app} is deployed in ${place.env}`, { hint: "Deploy it first." });
  }
  const before: TrafficPolicy = { ...NONE, ...policyOf(service) };
  const now = clock.now();
  const inForce = (entries: TrafficPolicy["deny"]) => entries.filter(({ until }) => until === undefined || !(Date.parse(until) <= now));
  const wanted = { ...before, ...body };
  const after = { ...wanted, deny: inForce(wanted.deny), allow: inForce(wanted.allow) };
  const written = compact(after);
  const problems = policyProblems(written);
  if (problems.length > 0) throw refuse("invalid_request", problems.join("; "));
  const istio = await cluster.guard.supported();
  if (!istio && !(await policyInForce(cluster, service).catch((error: unknown) => unlessUnserved(error, place)))) {
    throw refuse("traffic_policy_unavailable", "The gateway of this cluster has no traffic policies", {
      hint: "Ebb's own has, and Istio's where the cluster has its policies (security.istio.io).",
    });
  }
  const json = Object.keys(written).length === 0 ? null : JSON.stringify(written);
  await claim({ db, clock }, "traffic-policy.changed");
  await cluster.markService(place.app, { labels: {}, annotations: { [TRAFFIC_POLICY]: json } });
  await db.transaction().execute(async (transaction) => {
    const object = `app/${place.app}/${place.env}`;
    await record(transaction, now, { action: "traffic-policy.changed", object, team, ...changed(before, after) });
  });
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    await renewHeldHosts(deps, { ...place, signal, say: () => {} });
    if (istio) return { ...after, enforcement: { by: "istio", missing: await guardByIstio(deps, place) } };
    // Whoever has refused somebody counts on it from now on.
    while (!isDeepStrictEqual((await policyInForce(cluster, service))?.policy, written)) await sleep(clock, POLL, signal);
  } catch (cause) {
    throw refuse("traffic_policy_pending", "The policy is stored, and the gateway has not said yet that it has it", { cause });
  }
  return { ...after, enforcement: { by: "ebb", missing: [] } };
}

/** The gateway does not know a host of which nothing has served yet. */
function isUnserved(error: unknown): boolean {
  return error instanceof StatusError && error.reason === "BadRequest";
}

function unlessUnserved(error: unknown, { app, env }: Place): never {
  if (!isUnserved(error)) throw error;
  throw refuse("nothing_deployed", `Nothing of ${app} has served in ${env} yet`, { hint: "Deploy a version that becomes ready first." });
}

/** Istio tells nobody when its gateways have it: what is in the cluster is as much as can be known. */
async function guardByIstio(deps: PlaceDeps, place: Place): Promise<Unenforced[]> {
  const service = await deps.cluster.readService(place.app);
  if (!service) return [];
  const { objects, missing } = await istioGuardOf(deps, place, service);
  await deps.cluster.guard.put(place.app, objects);
  return missing;
}

/** What the gateway guards the app's host by; undefined where it cannot say. */
async function policyInForce(cluster: Cluster, service: KnativeService): Promise<{ policy: unknown } | undefined> {
  const kind = isHeldByRules(service) ? "virtualservices" : "routes";
  const found = await cluster.explain(kind, service.metadata.name, new URLSearchParams());
  return found && { policy: found.policy ?? {} };
}

/** What is written down: nothing of what guards nothing. */
function compact(policy: TrafficPolicy): Record<string, unknown> {
  return Object.fromEntries(Object.entries(policy).filter(([, part]) => part !== null && !(Array.isArray(part) && part.length === 0)));
}
