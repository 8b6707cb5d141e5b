import type { Said } from "@ebb/base";
import type { KnativeService } from "@ebb/kube";
import { conditionOf } from "../cluster/diagnose.ts";
import { EXTERNAL_HOST, MANAGED_BY, PLATFORM_LABELS } from "../cluster/port.ts";
import { hostAnnotations, type Hosting } from "../compile/service.ts";
import { revisionName, revisionNumber } from "../compile/names.ts";
import { compileTraffic, revisionShares, trafficServed, type Share } from "../compile/traffic.ts";
import type { Mirror, Rule } from "../compile/virtual-service.ts";
import { refusesRequests } from "../environments/sleep.ts";
import { operationError } from "../errors.ts";
import { listVersions, type Place } from "../apps/store.ts";
import type { PlaceDeps } from "./context.ts";
import { externalHost, renamedHost } from "./external-host.ts";
import { heldBy, type HeldBy } from "./front.ts";
import { addRules, holdHosts } from "./hold-hosts.ts";
import { keepInstances, ledTo, ledToMark } from "./kept-instances.ts";
import { until } from "./wait.ts";
import { say } from "../operations/words.ts";

/** A Route may be False for a moment while its Revisions are being found. */
const FAILED_PATIENCE = 10_000;

/** The app's Service as it is in the cluster. Throws `name_taken` when it is not Ebb's. */
export async function readOwnService(deps: PlaceDeps, app: string): Promise<KnativeService | undefined> {
  const service = await deps.cluster.readService(app);
  if (service && service.metadata.labels?.[PLATFORM_LABELS.managedBy] !== MANAGED_BY) {
    throw operationError("name_taken", `The cluster has a Knative Service ${app} that Ebb did not make`, {
      hint: "Choose another name for the app, or delete that Service with kubectl.",
    });
  }
  return service;
}

/** What the Service sends where, by version; Revisions of another origin are left out. */
export function sharesOf(app: string, service: KnativeService | undefined): Share[] {
  if (!service) return [];
  return revisionShares(service).flatMap(({ revision, percent }) => {
    const number = revisionNumber(app, revision);
    return number === undefined ? [] : [{ number, percent }];
  });
}

/** What waiting for the cluster needs of an operation. */
export interface Work extends Place {
  readonly signal: AbortSignal;
  say(message: string | Said): void;
}

/** The same operation's, at one of the places that it is about. */
export function workAt({ app, env }: Place, work: Pick<Work, "signal" | "say">): Work {
  return { app, env, signal: work.signal, say: (message) => work.say(message) };
}

/** The versions that get a preview URL: those whose Revision the cluster still has and which have been ready. Waits for the cluster. */
export async function previewable(deps: PlaceDeps, work: Work): Promise<number[]> {
  const { cluster, clock, db } = deps;
  const { app, signal } = work;
  await until({ cluster, clock, app, signal }, () => {
    const { ready, message } = cluster.health();
    if (!ready) work.say(message);
    return ready || undefined;
  });
  const versions = await listVersions(db, work);
  return versions
    .filter((version) => version.state === "active" && cluster.revision(revisionName(app, version.number)) !== undefined)
    .map((version) => version.number);
}

export interface Routing {
  shares: readonly Share[];
  /** Those that the app has, when absent. */
  rules?: readonly Rule[] | undefined;
  /** The app's own, when absent; null: none. */
  mirror?: Mirror | null | undefined;
  /** Versions that get a preview besides those that have been ready. */
  also?: readonly number[];
}

/** Sets the split and the rules before it, and waits until both are in force. Throws `version_gone` and `route_failed`. */
export async function setRouting(deps: PlaceDeps, work: Work, routing: Routing): Promise<KnativeService> {
  const own = await heldBy(deps, work);
  const by = { rules: routing.rules ?? own.rules, mirror: routing.mirror === undefined ? own.mirror : routing.mirror };
  const led = ledTo({ ...by, shares: routing.shares });
  const before = ledTo({ ...own, shares: sharesOf(work.app, await readOwnService(deps, work.app)) });
  const mark = (numbers: Iterable<number>) => deps.cluster.markService(work.app, { labels: {}, annotations: ledToMark(work.app, numbers) });
  // What is to serve starts before anybody is led to it, and what has served ends when nobody is any more.
  await mark(new Set([...before, ...led]));
  await keepInstances(deps, work, { led, which: "led" });
  await beforeSplit(deps, work, routing, by);
  const service = await holdHosts(deps, work, await setShares(deps, work, { ...routing, ...by }), by);
  await keepInstances(deps, work, { led, which: "others" });
  await mark(led);
  return service;
}

/** New rules hold before the split changes, and old ones until it has. */
async function beforeSplit(deps: PlaceDeps, work: Work, routing: Routing, by: HeldBy): Promise<void> {
  const { rules } = by;
  if (rules.length === 0) return;
  const present = await readOwnService(deps, work.app);
  const shares = sharesOf(work.app, present);
  if (!present || shares.length === 0) return;
  const held = new Set(present.spec.traffic?.map(({ revisionName: name }) => name));
  // No rule may lead to a version that the Route does not hold.
  const holds = rules.every(({ number }) => held.has(revisionName(work.app, number)));
  await addRules(deps, work, holds ? present : await setShares(deps, work, { ...routing, ...by, shares }), by);
}

async function setShares(deps: PlaceDeps, work: Work, { shares, rules, mirror, also = [] }: Routing & HeldBy): Promise<KnativeService> {
  const { cluster, clock } = deps;
  const present = await readOwnService(deps, work.app);
  if (!present) throw operationError("version_gone", `The app ${work.app} is not in the cluster`, { hint: "Deploy it again." });
  const previews = [...also, ...(await previewable(deps, work))];
  const kept = [...rules, ...(mirror ? [mirror] : [])].map(({ number }) => number);
  const traffic = compileTraffic(work.app, shares, { previews, kept });
  const { metadata } = present;
  const put = await cluster.putService({
    ...present,
    metadata: { name: metadata.name, ...(metadata.labels ? { labels: metadata.labels } : {}) },
    spec: { ...present.spec, traffic },
  });
  let failedSince: number | undefined;
  return until({ cluster, clock, app: work.app, signal: work.signal }, () => {
    const service = cluster.service(work.app);
    if (!service) return undefined;
    if (trafficServed(service, put.metadata.generation)) return service;
    const routes = conditionOf(service.status?.conditions, "RoutesReady");
    if (routes?.status !== "False") {
      failedSince = undefined;
      return undefined;
    }
    work.say(routes.message ?? routes.reason ?? "");
    failedSince ??= clock.monotonic();
    if (clock.monotonic() - failedSince < FAILED_PATIENCE) return undefined;
    throw operationError("route_failed", "The route does not take the new split", {
      hint: "Check the versions of the split: ebb versions.",
      details: { chain: [`${routes.reason}: ${routes.message}`] },
    });
  });
}

/** A cluster whose domain template does not look at the annotations keeps its host: that is not waited for longer. */
const HOST_PATIENCE = 5000;

/** Tells the cluster the app's host, and waits until it has taken it. */
export async function setHostAnnotations(deps: PlaceDeps, work: Work, hosting: Hosting): Promise<void> {
  const { cluster, clock } = deps;
  const present = await readOwnService(deps, work.app);
  if (!present) return work.say(say("settings.kept"));
  const by = await heldBy(deps, work);
  const renamed = renamedHost(present, hosting.host);
  const annotations = { ...hostAnnotations(hosting), ...(renamed === undefined ? {} : { [EXTERNAL_HOST]: renamed }) };
  const put = await cluster.putService({ ...present, metadata: { name: present.metadata.name, annotations } });
  if (by.rules.length > 0 || by.mirror || refusesRequests(deps.environment)) return void (await holdHosts(deps, work, put, by));
  const begun = clock.monotonic();
  await until({ cluster, clock, app: work.app, signal: work.signal }, () => {
    const host = externalHost(cluster.service(work.app));
    return host?.startsWith(`${hosting.host}.`) || clock.monotonic() - begun > HOST_PATIENCE || undefined;
  });
}
