import { rfc3339, type Clock } from "@ebb/base";
import {
  conflict,
  Events,
  forbidden,
  isCore,
  SYSTEM_PRIORITY_CLASSES,
  type DeleteOptions,
  type Kind,
  type KubeObject,
  type Namespace,
  type ObjectMeta,
} from "@ebb/kube";
import { resourceOf } from "./selection.ts";

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";
/** Kubernetes refuses to delete these. */
const PERMANENT: ReadonlySet<string> = new Set(["default", "kube-system"]);

/** What a deletion makes of the stored object: nothing, or, while finalizers remain, an object that is being deleted. */
export function prepareDelete(kind: Kind, current: KubeObject, options: DeleteOptions, clock: Clock): KubeObject | "removed" {
  checkPreconditions(kind, current, options);
  if (isCore(kind, "Namespace") && PERMANENT.has(current.metadata.name)) {
    throw forbidden(kind, current.metadata.name, "this namespace may not be deleted");
  }
  if (kind.kind === "PriorityClass" && SYSTEM_PRIORITY_CLASSES.some(({ metadata }) => metadata.name === current.metadata.name)) {
    throw forbidden(kind, current.metadata.name, "this is a system priority class and cannot be deleted");
  }
  const others = (current.metadata.finalizers ?? []).filter((name) => name !== FOREGROUND && name !== ORPHAN);
  const usual = kind.orphansDependents ? "Orphan" : "Background";
  const propagationPolicy = options.propagationPolicy ?? policyOfFinalizers(current.metadata) ?? usual;
  // An Event waits for nothing, as upstream: nobody would ever release it.
  const waits = resourceOf(kind) !== resourceOf(Events);
  const own = !waits ? [] : propagationPolicy === "Foreground" ? [FOREGROUND] : propagationPolicy === "Orphan" ? [ORPHAN] : [];
  const finalizers = [...others, ...own];
  if (finalizers.length === 0 && !isHeld(kind, current)) return "removed";
  return markDeleting(kind, current, finalizers, rfc3339(clock.now()));
}

/** What becomes of the dependents by an object's own finalizers, which an earlier deletion or its maker may have set. */
export function policyOfFinalizers({ finalizers = [] }: ObjectMeta): "Orphan" | "Foreground" | undefined {
  return finalizers.includes(ORPHAN) ? "Orphan" : finalizers.includes(FOREGROUND) ? "Foreground" : undefined;
}

/** A namespace stays, besides its finalizers, until the garbage collector has emptied it. */
export function isHeld(kind: Kind, object: KubeObject): boolean {
  return isCore(kind, "Namespace") && ((object as Namespace).spec?.finalizers ?? []).length > 0;
}

function markDeleting(kind: Kind, current: KubeObject, finalizers: string[], now: string): KubeObject {
  const { finalizers: _, ...rest } = current.metadata;
  const first = rest.deletionTimestamp === undefined;
  const metadata = {
    ...rest,
    ...(finalizers.length > 0 ? { finalizers } : {}),
    ...(first ? { deletionTimestamp: now, deletionGracePeriodSeconds: 0 } : {}),
    ...(first && kind.generation ? { generation: (rest.generation ?? 1) + 1 } : {}),
  };
  return {
    ...current,
    metadata,
    ...(isCore(kind, "Namespace") ? { status: { ...(current as Namespace).status, phase: "Terminating" } } : {}),
  };
}

function checkPreconditions(kind: Kind, { metadata }: KubeObject, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(kind, metadata.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${String(metadata.uid)}`);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${String(metadata.resourceVersion)}`;
    throw conflict(kind, metadata.name, why);
  }
}
