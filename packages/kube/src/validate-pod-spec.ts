import type { Container, ContainerPort } from "./core.ts";
import {
  checkAllowed,
  fieldError,
  invalidFieldValue,
  missingField,
  missingOneOf,
  multipleOneOf,
  via,
  viaEach,
  type FieldErrors,
} from "./field-error.ts";
import { DNS_LABEL, DNS_SUBDOMAIN } from "./names.ts";
import type { RevisionSpec } from "./serving.ts";
import { validateContainer, type VolumeInfo } from "./validate-container.ts";

/** What a Revision may set of a PodSpec, and its own fields; the rest is behind features that are off by default upstream. */
const ALLOWED: ReadonlySet<string> = new Set([
  "automountServiceAccountToken",
  "containerConcurrency",
  "containers",
  "enableServiceLinks",
  "idleTimeoutSeconds",
  "imagePullSecrets",
  "initContainers",
  "responseStartTimeoutSeconds",
  "serviceAccountName",
  "timeoutSeconds",
  "volumes",
]);
const VOLUME_SOURCES = ["secret", "configMap", "projected", "emptyDir"] as const;

interface Item {
  key?: string;
  path?: string;
}
interface Source {
  items?: Item[];
  name?: string;
}
export interface Volume {
  name: string;
  secret?: Source;
  configMap?: Source;
  projected?: { sources?: Record<string, Source>[] };
  emptyDir?: { medium?: string };
  persistentVolumeClaim?: { claimName?: string };
}
type FullSpec = Omit<RevisionSpec, "volumes"> & {
  volumes?: Volume[];
  initContainers?: unknown[];
  automountServiceAccountToken?: boolean;
};

/** knative/serving ValidatePodSpec, paths relative to the spec. */
export function validatePodSpec(spec: RevisionSpec): FieldErrors {
  const { containers, volumes = [], initContainers = [], automountServiceAccountToken, serviceAccountName = "" } = spec as FullSpec;
  const mounted = new Set(containers.flatMap((container) => (container.volumeMounts ?? []).map((mount) => mount.name)));
  return [
    ...checkAllowed(spec, ALLOWED),
    ...(automountServiceAccountToken === true ? fieldError("must not set the field(s)", ["automountServiceAccountToken"]) : []),
    ...via("volumes", validateVolumes(volumes, mounted)),
    ...(initContainers.length > 0
      ? fieldError(`pod spec support for init-containers is off, but found ${initContainers.length} init containers`, [""])
      : []),
    ...via("containers[*]", validatePortCount(containers)),
    ...validateContainers(containers, volumes),
    ...(serviceAccountName === "" || DNS_SUBDOMAIN.test(serviceAccountName)
      ? []
      : invalidFieldValue(serviceAccountName, "serviceAccountName", "a lowercase RFC 1123 subdomain is needed")),
  ];
}

function validateContainers(containers: readonly Container[], volumes: readonly Volume[]): FieldErrors {
  if (containers.length === 0) return missingField("containers");
  const infos = new Map<string, VolumeInfo>();
  for (const volume of volumes) infos.set(volume.name, { writable: Boolean(volume.emptyDir ?? volume.persistentVolumeClaim) });
  const port = containers.flatMap((container) => container.ports ?? [])[0] ?? ({} as Partial<ContainerPort>);
  const names = new Set<string | undefined>();
  const errors = viaEach(containers, (container) => {
    const duplicate = names.has(container.name);
    names.add(container.name);
    const sidecar = containers.length > 1 && (container.ports ?? []).length === 0;
    return [
      ...(duplicate ? fieldError(`duplicate container name ${JSON.stringify(container.name)}`, ["name"]) : []),
      ...validateContainer(container, { volumes: infos, port: { name: port.name ?? "http" }, sidecar }),
    ];
  });
  return via("containers", errors);
}

function validatePortCount(containers: readonly Container[]): FieldErrors {
  const count = containers.reduce((sum, container) => sum + (container.ports ?? []).length, 0);
  if (count === 0 && containers.length > 1) return missingField("ports");
  if (count <= 1) return [];
  return fieldError("more than one container port is set", ["ports"], "Only a single port is allowed across all containers");
}

function validateVolumes(volumes: readonly Volume[], mounted: ReadonlySet<string>): FieldErrors {
  const seen = new Set<string>();
  return viaEach(volumes, (volume) => {
    const duplicate = seen.has(volume.name);
    seen.add(volume.name);
    return [
      ...(duplicate ? fieldError(`duplicate volume name ${JSON.stringify(volume.name)}`, ["name"]) : []),
      ...(mounted.has(volume.name) ? [] : fieldError(`volume with name ${JSON.stringify(volume.name)} not mounted`, ["name"])),
      ...validateVolume(volume),
    ];
  });
}

function validateVolume(volume: Volume): FieldErrors {
  if (volume.name === "") return missingField("name");
  if (!DNS_LABEL.test(volume.name)) return invalidFieldValue(volume.name, "name");
  const claim = volume.persistentVolumeClaim;
  const specified: string[] = [
    ...VOLUME_SOURCES.filter((source) => volume[source] !== undefined),
    ...(claim ? ["persistentVolumeClaim"] : []),
  ];
  const medium = volume.emptyDir?.medium ?? "";
  return [
    ...(claim
      ? fieldError(`Persistent volume claim support is disabled, but found persistent volume claim ${claim.claimName ?? ""}`, [""])
      : []),
    ...checkAllowed(volume, new Set(["name", ...VOLUME_SOURCES])),
    ...validateItems(volume.secret?.items),
    ...validateItems(volume.configMap?.items),
    ...via("projected", viaEach(volume.projected?.sources, validateProjection)),
    ...(medium === "" || medium === "Memory" ? [] : via("emptyDir", invalidFieldValue(medium, "medium"))),
    ...(specified.length === 0 ? missingOneOf(...VOLUME_SOURCES) : []),
    ...(specified.length > 1 ? multipleOneOf(...specified) : []),
  ];
}

function validateProjection(projection: Record<string, Source>): FieldErrors {
  const known = ["secret", "configMap", "serviceAccountToken", "downwardAPI"];
  const specified = known.filter((source) => projection[source] !== undefined);
  const named = (["secret", "configMap"] as const).flatMap((source) => {
    const { [source]: content } = projection;
    return content ? via(source, [...(content.name ? [] : missingField("name")), ...validateItems(content.items)]) : [];
  });
  if (specified.length === 0) return missingOneOf(...known);
  return specified.length > 1 ? [...named, ...multipleOneOf(...specified)] : named;
}

function validateItems(items: readonly Item[] | undefined): FieldErrors {
  const check = ({ key, path }: Item) => [...(key ? [] : missingField("key")), ...(path ? [] : missingField("path"))];
  return via("items", viaEach(items, check));
}
