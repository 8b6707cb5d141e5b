import {
  CLAIM_PROTECTION,
  defaultClass,
  PersistentVolumeClaims,
  StorageClasses,
  type Kind,
  type KubeObject,
  type PersistentVolumeClaim,
  type StorageClass,
} from "@ebb/kube";
import type { Store } from "../store/store.ts";
import { resourceOf } from "./selection.ts";

const CLAIMS = resourceOf(PersistentVolumeClaims);
const CLASSES = resourceOf(StorageClasses);

/** A new claim as Kubernetes' admission fills it in: kept while a Pod has it, and of the default class if it names none. */
export function withStorageDefaults(store: Store, kind: Kind, object: KubeObject): KubeObject {
  if (resourceOf(kind) !== CLAIMS) return object;
  const claim = object as PersistentVolumeClaim;
  const { finalizers = [] } = claim.metadata;
  const metadata = {
    ...claim.metadata,
    finalizers: finalizers.includes(CLAIM_PROTECTION) ? finalizers : [...finalizers, CLAIM_PROTECTION],
  };
  const named = claim.spec?.storageClassName !== undefined;
  const storageClassName = named ? undefined : defaultClass(store.list(CLASSES).objects as readonly StorageClass[]);
  const made: PersistentVolumeClaim = {
    ...claim,
    metadata,
    spec: { ...claim.spec, ...(storageClassName === undefined ? {} : { storageClassName }) },
  };
  return made;
}
