import type { App, AppEnvironment, AppMetadata, Instance, TrafficTarget, Version } from "@ebb/api";
import type { KnativeService, Pod, Revision } from "@ebb/kube";
import { conditionOf } from "../cluster/diagnose.ts";
import { failureOf, isReady, isRunning } from "../cluster/pods.ts";
import { PLATFORM_LABELS, type Ingress } from "../cluster/port.ts";
import { revisionName, versionName } from "../compile/names.ts";
import { revisionShares, type Share } from "../compile/traffic.ts";
import { configOf, digestOf, originOf, rulesOf, type AppEnvironmentRow, type AppRow, type Place, type VersionRow } from "../apps/store.ts";
import { refusesRequests } from "../environments/sleep.ts";
import type { EnvironmentRow } from "../environments/policies.ts";
import { sharesOf } from "./route.ts";
import { previewUrl, publicUrl } from "./urls.ts";

/** All that is known of an app in an environment: what was asked (rows) and what the cluster has made of it. */
export interface AppFacts {
  app: AppRow;
  place: AppEnvironmentRow;
  environment: EnvironmentRow;
  /** Newest first. */
  versions: readonly VersionRow[];
  /** Empty when the cluster answers; else why what it is said to have, or not to have, means nothing. */
  unseen: string;
  /** What serves; when the cluster has not been seen, what was set last. */
  shares: readonly Share[];
  /** The first operation that has not ended, if there is one. */
  operation: { kind: string; state: string; version: string | null } | undefined;
  service: KnativeService | undefined;
  revisions: readonly Revision[];
  pods: readonly Pod[];
  ingress: Ingress;
}

const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

const NO_METADATA: AppMetadata = {
  description: "",
  owner: "",
  repository: "",
  serviceTag: "",
  level: "",
  contacts: [],
  labels: {},
  dependsOn: [],
};

export function metadataOf(app: Pick<AppRow, "metadata_json">): AppMetadata {
  return { ...NO_METADATA, ...(JSON.parse(app.metadata_json) as Partial<AppMetadata>) };
}

/** `environments`: those that it is in, in the order of the chain. */
export function viewApp(app: AppRow, environments: AppEnvironment[]): App {
  return {
    name: app.name,
    team: app.team,
    kind: app.kind,
    ...metadataOf(app),
    environments,
    createdAt: time(app.created_at),
    updatedAt: environments.map(({ updatedAt }) => updatedAt).reduce((a, b) => (a > b ? a : b), time(app.updated_at)),
  };
}

export function viewPlace(facts: AppFacts): AppEnvironment {
  const { app, place, environment, versions, service, ingress } = facts;
  return {
    app: app.name,
    environment: environment.name,
    team: app.team,
    ...stateOf(facts),
    url: publicUrl(service, ingress) ?? "",
    host: place.host,
    latestVersion: versions[0] ? versionName(versions[0].number) : null,
    rules: rulesOf(place).map(({ number, when }) => ({ version: versionName(number), when })),
    traffic: targetsOf(facts.shares),
    instances: facts.pods.filter(isRunning).length,
    createdAt: time(place.created_at),
    updatedAt: time(place.updated_at),
  };
}

/** What the Service sends where; Revisions of another origin are left out. */
export function trafficOf(app: string, service: KnativeService | undefined): TrafficTarget[] {
  return targetsOf(sharesOf(app, service));
}

function targetsOf(shares: readonly Share[]): TrafficTarget[] {
  return shares.map(({ number, percent }) => ({ version: versionName(number), percent }));
}

/**
 * An app is as well as the versions that serve it: a newer version that failed does not make it fail, and one with no instance is asleep
 * as long as its Revisions are ready.
 */
function stateOf(facts: AppFacts): Pick<AppEnvironment, "state" | "message"> {
  const { app, place, operation, service, revisions } = facts;
  if (operation) return { state: "deploying", message: workWords(operation) };
  if (facts.unseen !== "") return { state: "unknown", message: facts.unseen };
  const serving = service ? revisionShares(service) : [];
  if (serving.length === 0 && facts.versions.length === 0 && place.failure === "") {
    return { state: "empty", message: "Nothing has been deployed here yet" };
  }
  if (serving.length === 0) return { state: "failed", message: place.failure || "No version has been deployed yet" };
  const routes = conditionOf(service?.status?.conditions, "RoutesReady");
  const ready = serving.map(({ revision }) => ({
    revision,
    condition: conditionOf(revisions.find((candidate) => candidate.metadata.name === revision)?.status?.conditions, "Ready"),
  }));
  const broken = ready.find(({ condition }) => condition?.status === "False");
  if (broken)
    return { state: "failed", message: place.failure || `${broken.revision}: ${broken.condition?.message || broken.condition?.reason}` };
  if (routes?.status === "False")
    return { state: "failed", message: place.failure || routes.message || routes.reason || "The route is not ready" };
  if (routes?.status !== "True" || ready.some(({ condition }) => condition?.status !== "True")) {
    // Nobody deploys any more: the cluster may still wait for what has been given up.
    if (place.failure) return { state: "failed", message: place.failure };
    return { state: "deploying", message: routes?.message || "Waiting for the cluster" };
  }
  const names = new Set(serving.map(({ revision }) => revision));
  const pods = facts.pods.filter((pod) => names.has(podRevision(app.name, pod) ?? ""));
  const awake = pods.some(isReady);
  const failing = failingOf(pods);
  if (failing) return failing;
  const sleeps =
    facts.environment.asleep === 1
      ? `Its environment is asleep: ${refusesRequests(facts.environment) ? "requests get a page with status 503" : "a request wakes it"}`
      : "";
  const note = place.failure ? `Last change failed: ${place.failure}` : "";
  return awake
    ? { state: "ready", message: note || "Serving" }
    : { state: "asleep", message: note || sleeps || "Wakes on the next request" };
}

/** None of them serves, and one tells why: its Revision stays ready, as it once was. */
function failingOf(pods: readonly Pod[]): { state: "failed"; message: string } | undefined {
  const failure = pods.some(isReady) ? undefined : pods.map(failureOf).find((words) => words !== undefined);
  return failure === undefined ? undefined : { state: "failed", message: `Its instances do not start: ${failure}` };
}

function workWords(operation: { kind: string; state: string; version: string | null }): string {
  if (operation.state === "queued") return "Waiting for its turn";
  switch (operation.kind) {
    case "delete":
      return "Being deleted";
    case "release":
      return `Releasing ${operation.version ?? ""}`.trim();
    case "traffic":
      return "Moving traffic";
    case "promote":
      return operation.version ? `Promoting as ${operation.version}` : "Promoting";
    case "sleep":
      return "Falling asleep with its environment";
    case "wake":
      return "Waking with its environment";
    case "move":
      return "Moving to another cluster with its environment";
    case "restart":
      return operation.version ? `Restarting as ${operation.version}` : "Restarting";
    case "config":
      return `Applying new settings${operation.version ? ` as ${operation.version}` : ""}`;
    default:
      return operation.version ? `Deploying ${operation.version}` : "Building";
  }
}

export function viewVersion(facts: AppFacts, version: VersionRow): Version {
  const { app, service, ingress } = facts;
  const name = revisionName(app.name, version.number);
  const revision = facts.revisions.find((candidate) => candidate.metadata.name === name);
  const pods = facts.pods.filter((pod) => podRevision(app.name, pod) === name && isRunning(pod));
  const config = configOf(version);
  const origin = originOf(version);
  return {
    name: versionName(version.number),
    app: app.name,
    environment: version.env,
    ...versionState(version, facts.unseen === "" ? revision : facts.unseen, pods),
    image: config.image,
    digest: digestOf(config),
    commit: origin.commit ?? null,
    source: origin.source ?? null,
    promotedFrom: origin.promotedFrom ?? null,
    detectedFrom: config.plan.detectedFrom,
    percent: facts.shares.find((share) => share.number === version.number)?.percent ?? 0,
    instances: pods.length,
    previewUrl: previewUrl(service, version.number, ingress) ?? null,
    pinned: version.pinned || null,
    createdAt: time(version.created_at),
    createdBy: version.created_by,
  };
}

function versionState(
  version: VersionRow,
  /** A text: why it is not known. */
  revision: Revision | string | undefined,
  pods: readonly Pod[],
): Pick<Version, "state" | "message"> {
  if (version.state === "failed") return { state: "failed", message: version.message };
  if (typeof revision === "string") return { state: "unknown", message: revision };
  const ready = conditionOf(revision?.status?.conditions, "Ready");
  if (version.state === "creating") return { state: "starting", message: ready?.message ?? "" };
  if (!revision) return { state: "deleted", message: "Its Revision has been cleaned up; deploy it again to use it" };
  if (ready?.status === "False") return { state: "failed", message: ready.message || ready.reason || "" };
  if (ready?.status !== "True") return { state: "starting", message: ready?.message ?? "" };
  return failingOf(pods) ?? { state: pods.length > 0 ? "ready" : "asleep", message: "" };
}

export function viewInstance({ app, env }: Place, pod: Pod): Instance | undefined {
  const version = pod.metadata.labels?.[PLATFORM_LABELS.version];
  if (version === undefined) return undefined;
  const container = pod.status?.containerStatuses?.[0];
  const waiting = container?.state.waiting;
  return {
    id: pod.metadata.name,
    app,
    environment: env,
    version,
    phase: pod.metadata.deletionTimestamp ? "Terminating" : (waiting?.reason ?? pod.status?.phase ?? "Pending"),
    ready: isReady(pod),
    restarts: container?.restartCount ?? 0,
    message: waiting?.message ?? pod.status?.message ?? conditionOf(pod.status?.conditions, "Ready")?.message ?? "",
    startedAt: pod.status?.startTime ?? null,
  };
}

function podRevision(app: string, pod: Pod): string | undefined {
  const version = pod.metadata.labels?.[PLATFORM_LABELS.version];
  return version === undefined ? undefined : revisionName(app, Number(version.slice(1)));
}
