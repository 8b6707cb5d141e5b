import type { Container, ContainerPort, Volume } from "./core.ts";
import { checkAllowed, fieldError, invalidFieldValue, missingField, outOfBounds, via, viaEach, type FieldErrors } from "./field-error.ts";
import { dnsSubdomainFaults } from "./dns-names.ts";
import type { Feature, Features } from "./serving-config/features.ts";
import type { RevisionSpec } from "./serving.ts";
import { validateContainer, validateInitContainer, type VolumeInfo } from "./validate-container.ts";
import { validateVolumes } from "./validate-volumes.ts";

/** What a Revision may always set of a PodSpec, and its own fields. */
const ALLOWED = [
  "automountServiceAccountToken",
  "containerConcurrency",
  "containers",
  "enableServiceLinks",
  "idleTimeoutSeconds",
  "imagePullSecrets",
  "responseStartTimeoutSeconds",
  "serviceAccountName",
  "timeoutSeconds",
  "volumes",
];
/** What it may set while a feature of config-features is not disabled. */
const BY_FEATURE: Readonly<Record<string, Feature>> = {
  affinity: "kubernetes.podspec-affinity",
  dnsConfig: "kubernetes.podspec-dnsconfig",
  dnsPolicy: "kubernetes.podspec-dnspolicy",
  hostAliases: "kubernetes.podspec-hostaliases",
  hostIPC: "kubernetes.podspec-hostipc",
  hostNetwork: "kubernetes.podspec-hostnetwork",
  hostPID: "kubernetes.podspec-hostpid",
  initContainers: "kubernetes.podspec-init-containers",
  nodeSelector: "kubernetes.podspec-nodeselector",
  priorityClassName: "kubernetes.podspec-priorityclassname",
  runtimeClassName: "kubernetes.podspec-runtimeclassname",
  schedulerName: "kubernetes.podspec-schedulername",
  securityContext: "kubernetes.podspec-securitycontext",
  shareProcessNamespace: "kubernetes.podspec-shareprocessnamespace",
  tolerations: "kubernetes.podspec-tolerations",
  topologySpreadConstraints: "kubernetes.podspec-topologyspreadconstraints",
};
const MAX_INT32 = 2 ** 31 - 1;
const POD_SECURITY_FIELDS: ReadonlySet<string> = new Set([
  "fsGroup",
  "fsGroupChangePolicy",
  "runAsGroup",
  "runAsNonRoot",
  "runAsUser",
  "seccompProfile",
  "supplementalGroups",
]);

/** knative/serving ValidatePodSpec, paths relative to the spec. */
export function validatePodSpec(spec: RevisionSpec, features: Features): FieldErrors {
  const { containers, volumes = [], initContainers = [], automountServiceAccountToken, serviceAccountName = "" } = spec;
  const mounts = [...initContainers, ...containers].flatMap(({ volumeMounts = [] }) => volumeMounts);
  const open = Object.keys(BY_FEATURE).filter((field) => features[BY_FEATURE[field] as Feature] !== "Disabled");
  const scene = sceneOf(spec, features);
  return [
    ...checkAllowed(spec, new Set([...ALLOWED, ...open])),
    ...(automountServiceAccountToken === true ? fieldError("must not set the field(s)", ["automountServiceAccountToken"]) : []),
    ...via("securityContext", validatePodSecurity(spec.securityContext, features)),
    ...via("volumes", validateVolumes(volumes, new Set(mounts.map(({ name }) => name)), features)),
    ...validateInitContainers(initContainers, containers, scene),
    ...via("containers[*]", validatePortCount(containers)),
    ...validateContainers(containers, scene),
    ...(serviceAccountName === ""
      ? []
      : dnsSubdomainFaults(serviceAccountName).flatMap((why) => invalidFieldValue(serviceAccountName, "serviceAccountName", why))),
  ];
}

interface Scene {
  volumes: ReadonlyMap<string, VolumeInfo>;
  features: Features;
}

function sceneOf({ volumes = [] }: RevisionSpec, features: Features): Scene {
  const info = ({ emptyDir, ephemeral, persistentVolumeClaim: claim }: Volume): VolumeInfo => ({
    writable: emptyDir !== undefined || claim !== undefined || ephemeral !== undefined,
    readOnlyClaim: claim?.readOnly === true,
  });
  return { volumes: new Map(volumes.map((volume) => [volume.name, info(volume)])), features };
}

/** All its fields need the feature. */
function validatePodSecurity(context: Record<string, unknown> | undefined, features: Features): FieldErrors {
  if (!context) return [];
  const allowed = features["kubernetes.podspec-securitycontext"] === "Disabled" ? new Set<string>() : POD_SECURITY_FIELDS;
  const bound = (value: unknown, path: string) =>
    typeof value === "number" && (value < 0 || value > MAX_INT32) ? outOfBounds(value, [0, MAX_INT32], path) : [];
  const groups = Array.isArray(context["supplementalGroups"]) ? context["supplementalGroups"] : [];
  return [
    ...checkAllowed(context, allowed),
    ...["runAsUser", "runAsGroup", "fsGroup"].flatMap((field) => bound(context[field], field)),
    ...via(
      "supplementalGroups",
      viaEach(groups, (group) => bound(group, "")),
    ),
  ];
}

function validateInitContainers(init: readonly Container[], others: readonly Container[], { volumes, features }: Scene): FieldErrors {
  if (init.length === 0) return [];
  if (features["kubernetes.podspec-init-containers"] !== "Enabled") {
    return fieldError(`pod spec support for init-containers is off, but found ${init.length} init containers`, []);
  }
  const names = new Set(others.map(({ name }) => name));
  // Upstream gives the paths of init containers below `containers`, too.
  return via(
    "containers",
    viaEach(init, (container) => [...duplicateName(container, names), ...validateInitContainer(container, { volumes, features })]),
  );
}

function duplicateName({ name = "" }: Container, names: Set<string | undefined>): FieldErrors {
  if (names.has(name)) return fieldError(`duplicate container name ${JSON.stringify(name)}`, ["name"]);
  names.add(name);
  return [];
}

function validateContainers(containers: readonly Container[], { volumes, features }: Scene): FieldErrors {
  if (containers.length === 0) return missingField("containers");
  if (containers.length > 1 && features["multi-container"] !== "Enabled") {
    return fieldError(`multi-container is off, but found ${containers.length} containers`, []);
  }
  const port = containers.flatMap((container) => container.ports ?? [])[0] ?? ({} as Partial<ContainerPort>);
  const names = new Set<string | undefined>();
  const errors = viaEach(containers, (container) => {
    const sidecar = containers.length > 1 && (container.ports ?? []).length === 0;
    return [
      ...duplicateName(container, names),
      ...validateContainer(container, { volumes, features, port: { name: port.name || "http" }, sidecar }),
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
