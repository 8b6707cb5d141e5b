import type { KubeObject } from "@ebb/kube";
import { column, field, flag, joined, orNone, read, valueAt, type Columns } from "./column.ts";

const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

export const STORAGE_COLUMNS: Columns = {
  "/PersistentVolumeClaim": [
    column("Status", storagePhase),
    field("Volume", "spec.volumeName"),
    field("Capacity", "status.capacity.storage"),
    column("Access Modes", (object) => accessModes(valueAt(object, ["status", "accessModes"]))),
    field("StorageClass", "spec.storageClassName"),
    column("VolumeAttributesClass", () => "<unset>"),
    orNone("VolumeMode", "spec", "volumeMode"),
  ],
  "/PersistentVolume": [
    field("Capacity", "spec.capacity.storage"),
    column("Access Modes", (object) => accessModes(valueAt(object, ["spec", "accessModes"]))),
    field("Reclaim Policy", "spec.persistentVolumeReclaimPolicy"),
    column("Status", storagePhase),
    column("Claim", (object) => {
      const name = read(object, ["spec", "claimRef", "name"]);
      return name === "" ? "" : `${read(object, ["spec", "claimRef", "namespace"])}/${name}`;
    }),
    field("StorageClass", "spec.storageClassName"),
    column("VolumeAttributesClass", () => "<unset>"),
    field("Reason", "status.reason"),
    orNone("VolumeMode", "spec", "volumeMode"),
  ],
  "storage.k8s.io/StorageClass": [
    column("Name", ({ metadata }) => (metadata.annotations?.[DEFAULT_CLASS] === "true" ? `${metadata.name} (default)` : metadata.name)),
    field("Provisioner", "provisioner"),
    field("ReclaimPolicy", "reclaimPolicy"),
    field("VolumeBindingMode", "volumeBindingMode"),
    column("AllowVolumeExpansion", (object) => String(valueAt(object, ["allowVolumeExpansion"]) === true)),
  ],
  "storage.k8s.io/CSIDriver": [
    flag("AttachRequired", "spec.attachRequired", true),
    flag("PodInfoOnMount", "spec.podInfoOnMount"),
    flag("StorageCapacity", "spec.storageCapacity"),
    column("TokenRequests", (object) => {
      const requests = (valueAt(object, ["spec", "tokenRequests"]) ?? []) as { audience: string }[];
      return requests.map(({ audience }) => audience).join(",") || "<unset>";
    }),
    flag("RequiresRepublish", "spec.requiresRepublish"),
    column("Modes", (object) => joined((valueAt(object, ["spec", "volumeLifecycleModes"]) ?? []) as string[])),
  ],
  "storage.k8s.io/CSINode": [
    column("Drivers", (object) => ((valueAt(object, ["spec", "drivers"]) ?? []) as unknown[]).length, { type: "integer" }),
  ],
  "storage.k8s.io/VolumeAttachment": [
    field("Attacher", "spec.attacher"),
    field("PV", "spec.source.persistentVolumeName"),
    field("Node", "spec.nodeName"),
    flag("Attached", "status.attached"),
  ],
};

/** What is being deleted may be kept for long, by who has it. */
function storagePhase(object: KubeObject): string {
  return object.metadata.deletionTimestamp ? "Terminating" : String(read(object, ["status", "phase"]));
}

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

function accessModes(modes: unknown): string {
  return Array.isArray(modes) ? modes.map((mode) => MODES[String(mode)] ?? String(mode)).join(",") : "";
}
