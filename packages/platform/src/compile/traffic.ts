import type { KnativeService, TrafficTarget } from "@ebb/kube";
import { revisionName, versionName } from "./names.ts";

export interface Share {
  /** The version's number. */
  number: number;
  percent: number;
}

/** The version with the largest share, of equals the first; undefined when there is none. */
export function largestShare(shares: readonly Share[]): number | undefined {
  return shares.toSorted((a, b) => b.percent - a.percent)[0]?.number;
}

/** Each tag is a host of its own in the gateway; ten are more than anybody compares. */
const PREVIEWS = 10;

/**
 * The `traffic` of a Knative Service: the shares in their order, each pinned to its Revision, and preview tags (`v3`) without a share for
 * the newest of `previews` and for all of `kept`, which rules lead to: a Revision that no target names is cleaned up. No target follows the latest Revision, so that a new template moves nothing.
 */
export function compileTraffic(
  app: string,
  shares: readonly Share[],
  { previews, kept = [] }: { previews: readonly number[]; kept?: readonly number[] },
): TrafficTarget[] {
  const serving = shares.filter((share) => share.percent > 0);
  const newest = [...new Set(previews)].sort((a, b) => b - a).slice(0, PREVIEWS);
  const idle = [...new Set([...newest, ...kept])]
    .filter((number) => !serving.some((share) => share.number === number))
    .map((number) => ({ number, percent: 0 }));
  return [...serving, ...idle].map(({ number, percent }) => ({
    revisionName: revisionName(app, number),
    percent,
    tag: versionName(number),
    latestRevision: false,
  }));
}

/** The shares by Revision that a Service asks for; a target that follows the latest is resolved to the one that serves for it. */
export function revisionShares(service: KnativeService): { revision: string; percent: number }[] {
  const shares = new Map<string, number>();
  for (const target of service.spec.traffic ?? []) {
    const revision = target.revisionName ?? service.status?.latestReadyRevisionName;
    if (revision !== undefined && (target.percent ?? 0) > 0) shares.set(revision, (shares.get(revision) ?? 0) + (target.percent ?? 0));
  }
  return [...shares].map(([revision, percent]) => ({ revision, percent }));
}

/** Whether the Route serves these targets now: the observed generation is the wanted one and its status has each share and tag. */
export function trafficServed(service: KnativeService, generation: number | undefined): boolean {
  const { status, metadata, spec } = service;
  if ((metadata.generation ?? 0) < (generation ?? 0) || status?.observedGeneration !== metadata.generation) return false;
  if (status?.conditions?.find((condition) => condition.type === "RoutesReady")?.status !== "True") return false;
  return (spec.traffic ?? []).every((wanted) =>
    status.traffic?.some(
      (actual) =>
        actual.revisionName === wanted.revisionName &&
        (actual.percent ?? 0) === (wanted.percent ?? 0) &&
        (wanted.tag === undefined || actual.tag === wanted.tag),
    ),
  );
}
