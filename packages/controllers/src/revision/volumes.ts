import {
  downwardCauses,
  isQuantity,
  memoryBytes,
  type Cause,
  type Container,
  type PersistentVolumeClaim,
  type PodSpec,
  type Volume,
} from "@ebb/kube";
import type { MountSpec, VolumeSpec } from "@ebb/runtime";
import { fsGroupOf } from "./security.ts";
import { pathProblem } from "./volume-paths.ts";

/** What the runtime makes of the volumes of a PodSpec, and of what one of its containers mounts. */
export function volumeSpecs(spec: Pick<PodSpec, "volumes" | "securityContext">, claims: ClaimVolumes = new Map()): VolumeSpec[] {
  const fsGroup = fsGroupOf(spec);
  const group = fsGroup === undefined ? {} : { group: fsGroup };
  return (spec.volumes ?? []).map(({ name, emptyDir, persistentVolumeClaim: claim }) => {
    if (emptyDir) return { name, kind: "empty", ...emptyOf(emptyDir), ...group };
    return claim ? { name, kind: "claim", claim: claims.get(claim.claimName ?? "") ?? "", ...group } : { name, kind: "files", ...group };
  });
}

/** The volumes that claims are bound to, by the claims' names. */
export type ClaimVolumes = ReadonlyMap<string, string>;

/** What the claims of a Pod are bound to, or why it cannot be placed yet, in the scheduler's words. */
export function claimVolumes(
  { volumes = [] }: Pick<PodSpec, "volumes">,
  claimOf: (name: string) => PersistentVolumeClaim | undefined,
): { bound: ClaimVolumes } | { problem: Cause } {
  const bound = new Map<string, string>();
  for (const { persistentVolumeClaim } of volumes) {
    if (!persistentVolumeClaim) continue;
    const { claimName: name = "" } = persistentVolumeClaim;
    const claim = claimOf(name);
    const why = claimProblem(name, claim);
    if (why !== undefined) return { problem: { reason: "Unschedulable", message: `0/1 nodes are available: ${why}.` } };
    bound.set(name, claim?.spec.volumeName ?? "");
  }
  return { bound };
}

function claimProblem(name: string, claim: PersistentVolumeClaim | undefined): string | undefined {
  if (!claim) return `persistentvolumeclaim ${JSON.stringify(name)} not found`;
  if (claim.status?.phase === "Lost") return `persistentvolumeclaim ${JSON.stringify(name)} bound to non-existent persistentvolume`;
  if (claim.status?.phase !== "Bound" || !claim.spec.volumeName) return "pod has unbound immediate PersistentVolumeClaims";
  return claim.spec.volumeMode === "Block" ? `persistentvolumeclaim ${JSON.stringify(name)} is a block device` : undefined;
}

function emptyOf({ medium, sizeLimit }: NonNullable<Volume["emptyDir"]>): Pick<VolumeSpec, "memory" | "sizeBytes"> {
  const limit = sizeLimit === undefined ? "" : String(sizeLimit);
  return { ...(medium === "Memory" ? { memory: true } : {}), ...(isQuantity(limit) ? { sizeBytes: memoryBytes(limit) } : {}) };
}

export function mountSpecs({ volumeMounts = [] }: Pick<Container, "volumeMounts">): MountSpec[] {
  return volumeMounts.map(({ name, mountPath, subPath, readOnly }) => {
    const part = subPath?.replace(/\/+$/, "");
    return { volume: name, path: mountPath, ...(part && part !== "." ? { subPath: part } : {}), ...(readOnly ? { readOnly: true } : {}) };
  });
}

/** Sources that a flag lets in, and that there are not on this one machine. */
const ELSEWHERE = ["hostPath", "csi", "ephemeral", "image"] as const;

/** Why volumes could never be mounted, whatever is in their sources; what Kubernetes checks of a Pod and Knative does not, in its words. */
export function volumesProblem({ volumes = [], containers, initContainers = [] }: PodSpec): string | undefined {
  for (const [index, volume] of volumes.entries()) {
    const elsewhere = ELSEWHERE.find((source) => volume[source] !== undefined);
    if (elsewhere) return `spec.volumes[${index}].${elsewhere}: the embedded cluster has no such volumes`;
    const [cause] = downwardCauses(volume, `spec.volumes[${index}]`);
    if (cause) return `${cause.field}: ${cause.message}`;
    for (const { field, path } of pathsOf(volume)) {
      const problem = pathProblem(path, true);
      if (problem !== undefined) return `spec.volumes[${index}].${field}: Invalid value: ${JSON.stringify(path)}: ${problem}`;
    }
  }
  for (const [list, members] of Object.entries({ containers, initContainers })) {
    for (const [at, { volumeMounts = [] }] of members.entries()) {
      for (const [index, { name, mountPath, subPath = "" }] of volumeMounts.entries()) {
        const field = `spec.${list}[${at}].volumeMounts[${index}]`;
        if (mountPath.includes(":")) return `${field}.mountPath: Invalid value: ${JSON.stringify(mountPath)}: must not contain ':'`;
        const claimed = volumes.some((volume) => volume.name === name && volume.persistentVolumeClaim);
        if (subPath !== "" && claimed) return `${field}.subPath: Forbidden: parts of a claim are not mounted here: mount all of it`;
        const problem = pathProblem(subPath, false);
        if (problem !== undefined) return `${field}.subPath: Invalid value: ${JSON.stringify(subPath)}: ${problem}`;
      }
    }
  }
  return undefined;
}

function pathsOf({ configMap, secret, projected }: Volume): { field: string; path: string }[] {
  const items = (field: string, list: readonly { path: string }[] = []) =>
    list.map(({ path }, index) => ({ field: `${field}.items[${index}].path`, path }));
  const sources = (projected?.sources ?? []).flatMap(({ configMap: map, secret: key, downwardAPI, serviceAccountToken: token }, index) => {
    const field = `projected.sources[${index}]`;
    return [
      ...items(`${field}.configMap`, map?.items),
      ...items(`${field}.secret`, key?.items),
      ...items(`${field}.downwardAPI`, downwardAPI?.items),
      ...(token ? [{ field: `${field}.serviceAccountToken.path`, path: token.path }] : []),
    ];
  });
  return [...items("configMap", configMap?.items), ...items("secret", secret?.items), ...sources];
}

/** `secret/NAME`, `configmap/NAME` and `persistentvolumeclaim/NAME` for all that the volumes are made of. */
export function volumeReferences({ volumes = [] }: Pick<PodSpec, "volumes">): string[] {
  return volumes.flatMap(({ configMap, secret, projected, persistentVolumeClaim: claim }) => [
    ...(claim ? [`persistentvolumeclaim/${claim.claimName ?? ""}`] : []),
    ...(configMap ? [`configmap/${configMap.name ?? ""}`] : []),
    ...(secret ? [`secret/${secret.secretName ?? ""}`] : []),
    ...(projected?.sources ?? []).flatMap((source) => [
      ...(source.configMap ? [`configmap/${source.configMap.name ?? ""}`] : []),
      ...(source.secret ? [`secret/${source.secret.name ?? ""}`] : []),
    ]),
  ]);
}
