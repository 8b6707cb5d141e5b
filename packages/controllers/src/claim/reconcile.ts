import {
  apiVersionOf,
  hasEnded,
  PersistentVolumeClaims,
  quantityValue,
  VOLUME_PROTECTION,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type StorageClass,
} from "@ebb/kube";
import { NODE } from "../revision/pod-metadata.ts";

/** Of StorageClasses whose claims are folders on this machine. */
export const PROVISIONER = "ebb.dev/local";
const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
const OWN_VOLUME = /^pvc-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The volume of a claim: its name is the same each time, so that a claim never gets two. */
export function volumeName({ metadata }: PersistentVolumeClaim): string {
  return `pvc-${metadata.uid ?? ""}`;
}

/** Whether this cluster made it, for a claim. */
export function isOwn({ metadata }: PersistentVolume): boolean {
  return metadata.annotations?.[PROVISIONED_BY] === PROVISIONER && OWN_VOLUME.test(metadata.name);
}

/** As a provisioner of local volumes makes it; `path` is its folder. */
export function makeVolume(
  claim: PersistentVolumeClaim,
  { metadata, reclaimPolicy = "Delete" }: StorageClass,
  path: string,
): PersistentVolume {
  const { namespace = "", name, uid = "" } = claim.metadata;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: volumeName(claim), annotations: { [PROVISIONED_BY]: PROVISIONER }, finalizers: [VOLUME_PROTECTION] },
    spec: {
      accessModes: claim.spec.accessModes ?? [],
      capacity: { storage: sizeOf(claim) },
      claimRef: { apiVersion: apiVersionOf(PersistentVolumeClaims), kind: "PersistentVolumeClaim", namespace, name, uid },
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: metadata.name,
      volumeMode: claim.spec.volumeMode ?? "Filesystem",
      local: { path },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [NODE] }] }] },
      },
    },
  };
}

/** The claim as it is once it has its volume. */
export function boundTo(claim: PersistentVolumeClaim, volume: string): PersistentVolumeClaim {
  const annotations = {
    ...claim.metadata.annotations,
    "pv.kubernetes.io/bind-completed": "yes",
    "pv.kubernetes.io/bound-by-controller": "yes",
    "volume.kubernetes.io/storage-provisioner": PROVISIONER,
  };
  return { ...claim, metadata: { ...claim.metadata, annotations }, spec: { ...claim.spec, volumeName: volume } };
}

/** A volume as large as its claim has become; undefined where it is. Nothing is moved: a folder has no size of its own. */
export function grown(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume | undefined {
  const wanted = sizeOf(claim);
  if (quantityValue(volume.spec.capacity?.["storage"] ?? "0") >= quantityValue(wanted)) return undefined;
  return { ...volume, spec: { ...volume.spec, capacity: { ...volume.spec.capacity, storage: wanted } } };
}

export function claimStatus(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume | undefined,
): NonNullable<PersistentVolumeClaim["status"]> {
  if (!claim.spec.volumeName) return { phase: "Pending" };
  if (!volume || volume.spec.claimRef?.uid !== claim.metadata.uid) return { phase: "Lost" };
  const { accessModes, capacity } = volume.spec;
  return { phase: "Bound", ...(accessModes ? { accessModes } : {}), ...(capacity ? { capacity } : {}) };
}

/** Whether a Pod that has not ended has the claim. */
export function isUsed({ metadata }: PersistentVolumeClaim, pods: readonly Pod[]): boolean {
  return pods.some(
    (pod) =>
      !hasEnded(pod) && (pod.spec.volumes ?? []).some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === metadata.name),
  );
}

function sizeOf({ spec }: PersistentVolumeClaim): string {
  return spec.resources?.requests?.["storage"] ?? "0";
}
