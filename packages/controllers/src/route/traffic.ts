import { LABELS, Services, type Configuration, type Revision, type Route, type TrafficTarget } from "@ebb/kube";
import { controllerOf } from "../engine/keys.ts";

/** A target led back to a Revision that can serve. */
export interface Target {
  revisionName: string;
  percent: number;
  latestRevision: boolean;
  tag?: string;
}

export interface Unassigned {
  status: "False" | "Unknown";
  reason: string;
  message: string;
}

export interface TrafficSources {
  configuration(namespace: string, name: string): Configuration | undefined;
  revision(namespace: string, name: string): Revision | undefined;
}

/**
 * Where the traffic of a Route goes, or why that cannot be said; one bad target is enough, as half a split would send people to the wrong
 * place. After knative's pkg/reconciler/route/traffic/traffic.go, with its words.
 */
export function resolveTraffic(route: Route, sources: TrafficSources): { targets: Target[] } | { problem: Unassigned } {
  const targets: Target[] = [];
  let problem: Unassigned | undefined;
  for (const wanted of route.spec.traffic ?? []) {
    const found = wanted.configurationName ? byConfiguration(route, wanted, sources) : byRevision(route, wanted, sources);
    if ("reason" in found) {
      // What has failed says more than what only takes its time.
      if (!problem || (problem.status === "Unknown" && found.status === "False")) problem = found;
    } else targets.push(found);
  }
  if (targets.length === 0 && !problem) problem = { status: "Unknown", reason: "Unknown", message: "the Route names no target" };
  return problem ? { problem } : { targets };
}

function targetOf(wanted: TrafficTarget, revisionName: string, latestRevision: boolean): Target {
  return { revisionName, percent: wanted.percent ?? 0, latestRevision, ...(wanted.tag ? { tag: wanted.tag } : {}) };
}

function byConfiguration(route: Route, wanted: TrafficTarget, sources: TrafficSources): Target | Unassigned {
  const namespace = route.metadata.namespace ?? "";
  const name = wanted.configurationName ?? "";
  const configuration = sources.configuration(namespace, name);
  if (!configuration) return missing("Configuration", name);
  const latest = configuration.status?.latestReadyRevisionName;
  if (latest && sources.revision(namespace, latest)) return targetOf(wanted, latest, true);
  const failed = configuration.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "False");
  return failed
    ? { status: "False", reason: "RevisionMissing", message: `Configuration "${name}" does not have any ready Revision.` }
    : { status: "Unknown", reason: "RevisionMissing", message: `Configuration "${name}" is waiting for a Revision to become ready.` };
}

function byRevision(route: Route, wanted: TrafficTarget, sources: TrafficSources): Target | Unassigned {
  const name = wanted.revisionName ?? "";
  const revision = sources.revision(route.metadata.namespace ?? "", name);
  if (!revision || revision.metadata.deletionTimestamp) return missing("Revision", name);
  const owner = controllerOf(route);
  if (owner?.kind === Services.kind && revision.metadata.labels?.[LABELS.service] !== owner.name) {
    return {
      status: "False",
      reason: "RevisionNotOwned",
      message: `Revision "${name}" referenced in traffic is not owned by Service "${owner.name}".`,
    };
  }
  const ready = revision.status?.conditions?.find(({ type }) => type === "Ready")?.status ?? "Unknown";
  if (ready === "True") return targetOf(wanted, name, false);
  return ready === "False"
    ? { status: "False", reason: "RevisionMissing", message: `Revision "${name}" failed to become ready.` }
    : { status: "Unknown", reason: "RevisionMissing", message: `Revision "${name}" is not yet ready.` };
}

function missing(kind: "Configuration" | "Revision", name: string): Unassigned {
  return { status: "False", reason: `${kind}Missing`, message: `${kind} "${name}" referenced in traffic not found.` };
}

/** The targets in force according to the status: what the gateway is told after a restart while the spec cannot be met. */
export function targetsInForce({ status }: Route): Target[] {
  return (status?.traffic ?? []).flatMap((target) =>
    target.revisionName ? [targetOf(target, target.revisionName, target.latestRevision ?? false)] : [],
  );
}
