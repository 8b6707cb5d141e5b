import type { PatchTrafficPolicy, TrafficPolicy } from "@ebb/api";
import { policyProblems, TRAFFIC_POLICY, type KnativeService } from "@ebb/kube";
import type { Place } from "../apps/store.ts";
import { changed, record } from "../audit/store.ts";
import type { PlaceDeps } from "../deploy/context.ts";
import { renewHeldHosts } from "../deploy/hold-hosts.ts";
import { refuse } from "../errors.ts";

const NONE: TrafficPolicy = { deny: [], allow: [], rateLimits: [], affinity: null, ejection: null, retries: null };
/** How long the gateway may take to have it, where it holds the hosts by rules. */
const PATIENCE = 10_000;

/** The policy as the Service has it, whoever wrote it there; what cannot be read counts as absent, as it does for the gateway. */
export function viewTrafficPolicy(service: KnativeService | undefined): TrafficPolicy {
  const json = service?.metadata.annotations?.[TRAFFIC_POLICY];
  if (json === undefined) return NONE;
  try {
    const policy = JSON.parse(json) as Partial<TrafficPolicy>;
    return policyProblems(policy).length > 0 ? NONE : { ...NONE, ...policy };
  } catch {
    return NONE;
  }
}

/** Changes parts of the policy. Throws `nothing_deployed` where the app has no version yet, and `invalid_request`. */
export async function patchTrafficPolicy(deps: PlaceDeps, place: Place, team: string, body: PatchTrafficPolicy): Promise<TrafficPolicy> {
  const { db, clock, cluster } = deps;
  const service = await cluster.readService(place.app);
  if (!service) {
    throw refuse("nothing_deployed", `Nothing of ${place.app} is deployed in ${place.env}`, { hint: "Deploy it first." });
  }
  const before = viewTrafficPolicy(service);
  const now = clock.now();
  const inForce = (entries: TrafficPolicy["deny"]) => entries.filter(({ until }) => until === undefined || !(Date.parse(until) <= now));
  const wanted = { ...before, ...body };
  const after = { ...wanted, deny: inForce(wanted.deny), allow: inForce(wanted.allow) };
  const written = compact(after);
  const problems = policyProblems(written);
  if (problems.length > 0) throw refuse("invalid_request", problems.join("; "));
  const json = Object.keys(written).length === 0 ? null : JSON.stringify(written);
  await cluster.markService(place.app, { labels: {}, annotations: { [TRAFFIC_POLICY]: json } });
  await renewHeldHosts(deps, { ...place, signal: AbortSignal.timeout(PATIENCE), say: () => {} });
  await db.transaction().execute(async (transaction) => {
    const object = `app/${place.app}/${place.env}`;
    await record(transaction, now, { action: "traffic-policy.changed", object, team, ...changed(before, after) });
  });
  return after;
}

/** What is written down: nothing of what guards nothing. */
function compact(policy: TrafficPolicy): Record<string, unknown> {
  return Object.fromEntries(Object.entries(policy).filter(([, part]) => part !== null && !(Array.isArray(part) && part.length === 0)));
}
