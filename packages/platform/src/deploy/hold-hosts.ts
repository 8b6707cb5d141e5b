import { sleep, type Said } from "@ebb/base";
import { TRAFFIC_POLICY, type KnativeService, type VirtualService } from "@ebb/kube";
import type { Place } from "../apps/store.ts";
import { refusesRequests } from "../environments/sleep.ts";
import { EXTERNAL_HOST, VISIBILITY } from "../cluster/port.ts";
import { revisionNumber } from "../compile/names.ts";
import { compileVirtualService, internalHost, routesOfRules, sameRules } from "../compile/virtual-service.ts";
import { operationError } from "../errors.ts";
import { renewDomainRules } from "../domains/rules.ts";
import type { PlaceDeps } from "./context.ts";
import { frontOf, heldBy, type FrontRules, type HeldBy } from "./front.ts";
import { externalHost, isHeldByRules, isInside, previewHost } from "./external-host.ts";
import { until } from "./wait.ts";

interface Work extends Place {
  readonly signal: AbortSignal;
  say(message: string | Said): void;
}

const POLL = { first: 10, most: 500 } as const;
/** An istiod says so within a second or two, when it is configured to say it at all (`PILOT_ENABLE_STATUS`). */
const SILENCE = 5000;

/**
 * Gives the app's external hosts to the VirtualService of its rules, or of the page that it shows while its environment is asleep, or back to
 * Knative when there is neither. At no time is a host nobody's:
 * whoever is to have it has it before the other lets go. May be repeated from any point. Resolves with the Service as it is then.
 */
export async function holdHosts(deps: PlaceDeps, work: Work, service: KnativeService, by: HeldBy): Promise<KnativeService> {
  if (by.rules.length === 0 && !by.mirror && !refusesRequests(deps.environment)) return letGo(deps, work, service);
  const host = externalHost(service);
  if (host === undefined) {
    throw operationError("route_failed", `The cluster has given ${work.app} no host outside the cluster, so there is none to hold`, {
      hint: "Look at the domain of the cluster: kubectl get configmap config-domain -n knative-serving.",
    });
  }
  return hold(deps, work, { service, host, ...by });
}

interface Held extends FrontRules {
  service: KnativeService;
  host: string;
}

async function hold(deps: PlaceDeps, work: Work, held: Held): Promise<KnativeService> {
  const { service, host } = held;
  await inForce(deps, work, await deps.cluster.putVirtualService(await virtualServiceOf(deps, work, held)));
  await renewDomainRules(deps, work, held);
  if (!isHeld(service, host)) {
    await deps.cluster.markService(work.app, { labels: { [VISIBILITY]: "cluster-local" }, annotations: { [EXTERNAL_HOST]: host } });
  }
  return settled(deps, work, true);
}

/**
 * The rules that are to come, in front of those that are in force, which go when the split behind them has changed: so each request gets what it
 * had or what it is to have, and never the new split by an old rule's end, or the old one by a new rule's beginning.
 */
export async function addRules(deps: PlaceDeps, work: Work, service: KnativeService, by: HeldBy): Promise<void> {
  const host = externalHost(service);
  if (by.rules.length === 0 || host === undefined || refusesRequests(deps.environment)) return;
  const present = await deps.cluster.readVirtualService(work.app);
  const before = present ? routesOfRules(present) : [];
  const wanted = await virtualServiceOf(deps, work, { service, host, ...by });
  if (present && isHeld(service, host) && sameRules(before, routesOfRules(wanted))) {
    await inForce(deps, work, present);
    await settled(deps, work, true);
  } else await hold(deps, work, { service, host, ...by, before });
}

/** Whether Knative has been told to let go of it: until then its own route, which is the older, has the host, whatever the rules say. */
function isHeld(service: KnativeService, host: string): boolean {
  return isHeldByRules(service) && service.metadata.annotations?.[EXTERNAL_HOST] === host;
}

/** After the traffic policy of the Service has changed: whoever holds its hosts must have it, too. */
export async function renewHeldHosts(deps: PlaceDeps, work: Work): Promise<void> {
  const service = await deps.cluster.readService(work.app);
  const host = externalHost(service);
  if (!service || !isHeldByRules(service) || host === undefined) return;
  const by = await heldBy(deps, work);
  await inForce(deps, work, await deps.cluster.putVirtualService(await virtualServiceOf(deps, work, { service, host, ...by })));
}

async function letGo(deps: PlaceDeps, work: Work, service: KnativeService): Promise<KnativeService> {
  let now = service;
  if (isHeldByRules(service) || service.metadata.annotations?.[EXTERNAL_HOST] !== undefined) {
    await deps.cluster.markService(work.app, { labels: { [VISIBILITY]: null }, annotations: { [EXTERNAL_HOST]: null } });
    now = await settled(deps, work, false);
  }
  await renewDomainRules(deps, work, { rules: [], mirror: null });
  await deps.cluster.deleteVirtualService(work.app);
  return now;
}

async function virtualServiceOf(deps: PlaceDeps, { app, env }: Place, held: Held): Promise<VirtualService> {
  const { service, host } = held;
  const { namespace } = deps.environment;
  const previews = (service.spec.traffic ?? []).flatMap(({ tag, revisionName = "" }) => {
    const number = revisionNumber(app, revisionName);
    if (tag === undefined || number === undefined) return [];
    return [{ host: previewHost(service, host, number), internal: internalHost(`${tag}-${app}`, namespace) }];
  });
  return compileVirtualService({
    ...(await frontOf(deps, { app, env }, held)),
    host,
    previews,
    policy: service.metadata.annotations?.[TRAFFIC_POLICY],
  });
}

/** Waits until the gateway has the rules: Istio's condition `Reconciled` for this very generation. */
async function inForce({ cluster, clock }: PlaceDeps, work: Work, put: VirtualService): Promise<void> {
  const begun = clock.monotonic();
  let own: boolean | undefined;
  for (let wait: number = POLL.first; ; wait = Math.min(2 * wait, POLL.most)) {
    const { status, metadata } = (await cluster.readVirtualService(work.app)) ?? put;
    const condition = status?.conditions?.find(({ type }) => type === "Reconciled");
    const current = (status?.observedGeneration ?? 0) >= (put.metadata.generation ?? 0);
    if (condition?.status === "True" && current) return;
    const silent = !condition && metadata.generation === put.metadata.generation && clock.monotonic() - begun >= SILENCE;
    // Ebb's own always tells; when it is slow to, the rules are not in force yet, and whoever went on would give requests the new split without them.
    if (silent) own ??= (await cluster.mirrors(work.app)) !== undefined;
    if (silent && !own) {
      return work.say("This Istio does not tell whether its gateways have the rules: going on without knowing");
    }
    if (condition?.message) work.say(condition.message);
    await sleep(clock, wait, work.signal);
  }
}

/** Waits until Knative's routes are where the label says, and ready. */
function settled({ cluster, clock }: PlaceDeps, { app, signal }: Work, inside: boolean): Promise<KnativeService> {
  return until({ cluster, clock, app, signal }, () => {
    const service = cluster.service(app);
    const ready = service?.status?.conditions?.find(({ type }) => type === "RoutesReady")?.status === "True";
    return service && ready && isHeldByRules(service) === inside && isInside(service) === inside ? service : undefined;
  });
}
