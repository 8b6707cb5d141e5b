import { ANNOTATIONS, LABELS, type Configuration, type GcConfig, type Revision } from "@ebb/kube";

/** The Revisions of one Configuration that may be deleted, oldest first; after knative's pkg/reconciler/gc/gc.go. */
export function garbage(config: GcConfig, configuration: Configuration, revisions: readonly Revision[], now: number): Revision[] {
  const { minNonActive, maxNonActive } = config;
  if (config.retainSinceCreate === undefined && config.retainSinceLastActive === undefined && maxNonActive === undefined) return [];
  const nonActive = revisions
    .filter((revision) => isNonActive(revision, configuration))
    .sort((a, b) => lastActive(a) - lastActive(b) || (a.metadata.name < b.metadata.name ? -1 : 1));
  if (nonActive.length <= minNonActive) return [];
  const deletable = nonActive.length - minNonActive;
  const stale = nonActive.filter((revision) => isStale(config, revision, now)).slice(0, deletable);
  const left = nonActive.filter((revision) => !stale.includes(revision));
  const surplus = maxNonActive === undefined ? 0 : Math.max(0, left.length - maxNonActive);
  return [...stale, ...left.slice(0, surplus)];
}

function isNonActive({ metadata }: Revision, { status }: Configuration): boolean {
  if (metadata.name === status?.latestReadyRevisionName || metadata.name === status?.latestCreatedRevisionName) return false;
  if (metadata.annotations?.[ANNOTATIONS.noGc]?.toLowerCase() === "true" || metadata.deletionTimestamp) return false;
  return metadata.labels?.[LABELS.routingState] === "reserve";
}

/** A limit that is disabled holds for every Revision. */
function isStale({ retainSinceCreate, retainSinceLastActive }: GcConfig, revision: Revision, now: number): boolean {
  if (retainSinceCreate === undefined && retainSinceLastActive === undefined) return false;
  const created = Date.parse(revision.metadata.creationTimestamp ?? "");
  if (retainSinceCreate !== undefined && !(created + retainSinceCreate < now)) return false;
  return retainSinceLastActive === undefined || lastActive(revision) + retainSinceLastActive < now;
}

function lastActive({ metadata }: Revision): number {
  const modified = Date.parse(metadata.annotations?.[ANNOTATIONS.routingStateModified] ?? "");
  return Number.isNaN(modified) ? Date.parse(metadata.creationTimestamp ?? "") || 0 : modified;
}
