import {
  isInstance,
  claimRefusal,
  forbidden,
  limitRefusal,
  LimitRanges,
  PersistentVolumeClaims,
  Pods,
  specWithLimitDefaults,
  type Kind,
  type KubeObject,
  type LimitRange,
  type PersistentVolumeClaim,
  type Pod,
} from "@ebb/kube";
import { resourceOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";

const RANGES = resourceOf(LimitRanges);
const CLAIMS = resourceOf(PersistentVolumeClaims);

/** A new Pod as the LimitRanges of its namespace fill it in. The record of an instance is left alone: that was judged before it started. */
export function withRanges(store: Store, kind: Kind, object: KubeObject): KubeObject {
  const ranges = rangesFor(store, kind, object);
  if (ranges.length === 0) return object;
  const pod = object as Pod;
  const made: Pod = { ...pod, spec: specWithLimitDefaults(pod.spec, ranges) };
  return made;
}

/** Throws Forbidden for a new Pod, or a claim as it is made or changed, that breaks one. */
export function checkRanges(store: Store, kind: Kind, next: KubeObject, old: KubeObject | undefined): void {
  const why = resourceOf(kind) === CLAIMS ? claimProblem(store, next) : old ? undefined : podProblem(store, kind, next);
  if (why !== undefined) throw forbidden(kind, next.metadata.name, why);
}

function claimProblem(store: Store, claim: KubeObject): string | undefined {
  return claimRefusal(claim as PersistentVolumeClaim, store.list(RANGES, claim.metadata.namespace).objects as readonly LimitRange[]);
}

function podProblem(store: Store, kind: Kind, object: KubeObject): string | undefined {
  const ranges = rangesFor(store, kind, object);
  const { containers, initContainers } = (object as Pod).spec ?? {};
  return ranges.length === 0 ? undefined : limitRefusal(containers, ranges, initContainers);
}

function rangesFor(store: Store, kind: Kind, object: KubeObject): readonly LimitRange[] {
  if (kind.group !== "" || kind.plural !== Pods.plural || isInstance(object) || !(object as Partial<Pod>).spec?.containers) return [];
  return store.list(RANGES, object.metadata.namespace).objects as readonly LimitRange[];
}
