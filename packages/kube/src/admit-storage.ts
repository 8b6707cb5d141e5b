import { dnsSubdomainFaults } from "./dns-names.ts";
import type { Kind } from "./kinds/kind.ts";
import type { KubeObject } from "./meta.ts";
import { isQuantity, quantityValue } from "./quantity.ts";
import { sameJson } from "./same-json.ts";
import { forbiddenField, invalidValue, oneOf, refuseInvalid, requiredField, type FieldCause } from "./status-errors.ts";
import { sameValue } from "./validate-immutable.ts";
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from "./storage.ts";

/** Sorted, as they are listed in refusals. */
const ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const VOLUME_MODES = ["Block", "Filesystem"];
const RECLAIM_POLICIES = ["Delete", "Retain"];
const VOLUME_POLICIES = ["Delete", "Recycle", "Retain"];
const BINDING_MODES = ["Immediate", "WaitForFirstConsumer"];

/** k8s.io/kubernetes pkg/apis/core/validation ValidatePersistentVolumeClaim and its update; upstream's words. Fills in the mode. */
export function admitClaim(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const given = object as PersistentVolumeClaim;
  const claim: PersistentVolumeClaim = { ...given, spec: { ...given.spec, volumeMode: given.spec?.volumeMode ?? "Filesystem" } };
  const causes = old ? changeCauses(claim, old as PersistentVolumeClaim) : specCauses(claim.spec);
  refuseInvalid(kind, object, causes);
  return claim;
}

function specCauses(spec: PersistentVolumeClaim["spec"]): FieldCause[] {
  const { accessModes = [], resources, storageClassName = "", volumeMode } = spec;
  const storage = resources?.requests?.["storage"];
  const alone = accessModes.includes("ReadWriteOncePod") && accessModes.length > 1;
  return [
    ...(accessModes.length === 0 ? [requiredField("spec.accessModes", "at least 1 access mode is required")] : []),
    ...accessModes.flatMap((mode) => oneOf(mode, ACCESS_MODES, "spec.accessModes")),
    ...(alone ? [forbiddenField("spec.accessModes", "may not use ReadWriteOncePod with other access modes")] : []),
    ...sizeCauses(storage),
    ...(storageClassName === ""
      ? []
      : dnsSubdomainFaults(storageClassName).map((why) => invalidValue("spec.storageClassName", storageClassName, why))),
    ...oneOf(volumeMode, VOLUME_MODES, "spec.volumeMode"),
  ];
}

function sizeCauses(storage: string | undefined): FieldCause[] {
  if (storage === undefined) return [requiredField("spec.resources[storage]")];
  if (!isQuantity(storage)) return [invalidValue("spec.resources[storage]", storage, "must be a quantity, such as 10Gi")];
  return quantityValue(storage) > 0 ? [] : [invalidValue("spec.resources[storage]", storage, "must be greater than zero")];
}

/** All that may change of a claim's spec is that it is bound, and that it asks for more. */
function changeCauses({ spec }: PersistentVolumeClaim, { spec: before, status }: PersistentVolumeClaim): FieldCause[] {
  const storage = spec.resources?.requests?.["storage"];
  const least = before.resources?.requests?.["storage"];
  const bound = status?.phase === "Bound";
  const kept = {
    ...before,
    ...(before.volumeName ? {} : { volumeName: spec.volumeName }),
    ...(bound ? { resources: spec.resources } : {}),
  };
  if (!sameJson(spec, kept))
    return [
      forbiddenField("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"),
    ];
  const wrong = sizeCauses(storage);
  if (wrong.length > 0 || storage === undefined || least === undefined) return wrong;
  return quantityValue(storage) < quantityValue(least)
    ? [forbiddenField("spec.resources.requests.storage", "field can not be less than previous value")]
    : [];
}

/** One that nobody made for a claim is only stored, so little is looked at. */
export function admitVolume(object: KubeObject, kind: Kind): KubeObject {
  const volume = object as PersistentVolume;
  const { accessModes = [], capacity, persistentVolumeReclaimPolicy: policy = "Retain" } = volume.spec ?? {};
  const causes = [
    ...(accessModes.length === 0 ? [requiredField("spec.accessModes")] : []),
    ...accessModes.flatMap((mode) => oneOf(mode, ACCESS_MODES, "spec.accessModes")),
    ...(capacity?.["storage"] === undefined ? [requiredField("spec.capacity")] : []),
    ...oneOf(policy, VOLUME_POLICIES, "spec.persistentVolumeReclaimPolicy"),
  ];
  refuseInvalid(kind, object, causes);
  const admitted: PersistentVolume = {
    ...volume,
    spec: { ...volume.spec, persistentVolumeReclaimPolicy: policy, volumeMode: volume.spec.volumeMode ?? "Filesystem" },
  };
  return admitted;
}

/** k8s.io/kubernetes pkg/apis/storage/validation ValidateStorageClass, with its defaults. */
export function admitStorageClass(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const given = object as StorageClass;
  const made: StorageClass = {
    ...given,
    reclaimPolicy: given.reclaimPolicy ?? "Delete",
    volumeBindingMode: given.volumeBindingMode ?? "Immediate",
  };
  const { provisioner, reclaimPolicy, volumeBindingMode } = made;
  const before = old as StorageClass | undefined;
  const changed = (field: "provisioner" | "reclaimPolicy") => before !== undefined && before[field] !== made[field];
  const causes = [
    ...(provisioner ? [] : [requiredField("provisioner")]),
    ...oneOf(reclaimPolicy, RECLAIM_POLICIES, "reclaimPolicy"),
    ...oneOf(volumeBindingMode, BINDING_MODES, "volumeBindingMode"),
    ...(changed("provisioner") ? [forbiddenField("provisioner", "updates to provisioner are forbidden.")] : []),
    ...(changed("reclaimPolicy") ? [forbiddenField("reclaimPolicy", "updates to reclaimPolicy are forbidden.")] : []),
    ...(before ? sameValue(volumeBindingMode, before.volumeBindingMode, "volumeBindingMode") : []),
  ];
  refuseInvalid(kind, object, causes);
  return made;
}
