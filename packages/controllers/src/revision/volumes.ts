import { downwardCauses, isQuantity, memoryBytes, type Container, type PodSpec, type Volume } from "@ebb/kube";
import type { MountSpec, VolumeSpec } from "@ebb/runtime";
import { pathProblem } from "./volume-paths.ts";

/** What the runtime makes of the volumes of a PodSpec, and of what one of its containers mounts. */
export function volumeSpecs({ volumes = [] }: Pick<PodSpec, "volumes">): VolumeSpec[] {
  return volumes.map(({ name, emptyDir }) => (emptyDir ? { name, kind: "empty", ...emptyOf(emptyDir) } : { name, kind: "files" }));
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

/** Sources that a flag lets in, and that there are not on one machine without a scheduler and storage classes. */
const ELSEWHERE = ["persistentVolumeClaim", "hostPath", "csi", "ephemeral", "image"] as const;

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
      for (const [index, { mountPath, subPath = "" }] of volumeMounts.entries()) {
        const field = `spec.${list}[${at}].volumeMounts[${index}]`;
        if (mountPath.includes(":")) return `${field}.mountPath: Invalid value: ${JSON.stringify(mountPath)}: must not contain ':'`;
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

/** `secret/NAME` and `configmap/NAME` for all that the volumes take files from. */
export function volumeReferences({ volumes = [] }: Pick<PodSpec, "volumes">): string[] {
  return volumes.flatMap(({ configMap, secret, projected }) => [
    ...(configMap ? [`configmap/${configMap.name ?? ""}`] : []),
    ...(secret ? [`secret/${secret.secretName ?? ""}`] : []),
    ...(projected?.sources ?? []).flatMap((source) => [
      ...(source.configMap ? [`configmap/${source.configMap.name ?? ""}`] : []),
      ...(source.secret ? [`secret/${source.secret.name ?? ""}`] : []),
    ]),
  ]);
}
