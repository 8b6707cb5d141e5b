import type { KubeObject } from "./meta.ts";

/** A claim to a folder that outlives instances; core/v1. */
export interface PersistentVolumeClaim extends KubeObject {
  apiVersion: "v1";
  kind: "PersistentVolumeClaim";
  spec: {
    accessModes?: string[];
    resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
    storageClassName?: string;
    volumeMode?: string;
    volumeName?: string;
  };
  status?: { phase?: "Pending" | "Bound" | "Lost"; accessModes?: string[]; capacity?: Record<string, string> };
}
export interface PersistentVolume extends KubeObject {
  apiVersion: "v1";
  kind: "PersistentVolume";
  spec: {
    accessModes?: string[];
    capacity?: Record<string, string>;
    claimRef?: { apiVersion?: string; kind?: string; namespace?: string; name?: string; uid?: string };
    persistentVolumeReclaimPolicy?: string;
    storageClassName?: string;
    volumeMode?: string;
    local?: { path: string };
    nodeAffinity?: object;
  };
  status?: { phase?: "Available" | "Bound" | "Released" };
}
export interface StorageClass extends KubeObject {
  apiVersion: "storage.k8s.io/v1";
  kind: "StorageClass";
  provisioner: string;
  reclaimPolicy?: string;
  volumeBindingMode?: string;
  allowVolumeExpansion?: boolean;
}

/** In the annotations of the StorageClass of claims that name none. */
export const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";
/** Keeps a claim while a Pod has it. */
export const CLAIM_PROTECTION = "kubernetes.io/pvc-protection";
/** Keeps a volume while a claim has it. */
export const VOLUME_PROTECTION = "kubernetes.io/pv-protection";

/** Of new claims that name no class: the newest of the classes that are marked for it, as in Kubernetes. */
export function defaultClass(classes: readonly StorageClass[]): string | undefined {
  const marked = classes.filter(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === "true");
  const time = ({ metadata }: StorageClass) => Date.parse(metadata.creationTimestamp ?? "") || 0;
  return marked.sort((a, b) => time(b) - time(a) || (a.metadata.name < b.metadata.name ? -1 : 1))[0]?.metadata.name;
}
