import type { Schema } from "../schema.ts";

type ListType = Pick<
  Schema,
  "x-kubernetes-list-type" | "x-kubernetes-list-map-keys" | "x-kubernetes-patch-merge-key" | "x-kubernetes-patch-strategy"
>;

/** `+listType=map`, `+listMapKey`, and `+patchMergeKey` where it is another than the first of those. */
function byKey(keys: string, mergeKey: string | false = keys.split(",")[0] ?? ""): ListType {
  const map = { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys.split(",") } as const;
  return mergeKey === false ? map : { ...map, "x-kubernetes-patch-merge-key": mergeKey, "x-kubernetes-patch-strategy": "merge" };
}
function set(strategy?: "merge"): ListType {
  return { "x-kubernetes-list-type": "set", ...(strategy ? { "x-kubernetes-patch-strategy": strategy } : {}) };
}
/** Merged by key in a strategic merge patch, but owned as a whole in server-side apply. */
function patchedByKey(mergeKey: string): ListType {
  return { "x-kubernetes-list-type": "atomic", "x-kubernetes-patch-merge-key": mergeKey, "x-kubernetes-patch-strategy": "merge" };
}

const container: Readonly<Record<string, ListType>> = {
  // Two keys make a port; an old strategic merge patch knows only the first.
  ports: byKey("containerPort,protocol"),
  env: byKey("name"),
  volumeMounts: byKey("mountPath"),
  volumeDevices: byKey("devicePath"),
};

/**
 * How lists are merged, by MESSAGE.FIELD: the markers of k8s.io/api. A list that is not here is atomic: owned and replaced as a whole.
 */
export const LIST_TYPES: Readonly<Record<string, ListType>> = {
  ...Object.fromEntries(
    ["Container", "EphemeralContainerCommon"].flatMap((name) => Object.entries(container).map(([key, type]) => [`${name}.${key}`, type])),
  ),
  "ObjectMeta.ownerReferences": byKey("uid"),
  "ObjectMeta.finalizers": set("merge"),
  // Another source of a volume replaces the one before.
  "PodSpec.volumes": { ...byKey("name"), "x-kubernetes-patch-strategy": "merge,retainKeys" },
  "PodSpec.initContainers": byKey("name"),
  "PodSpec.containers": byKey("name"),
  "PodSpec.ephemeralContainers": byKey("name"),
  "PodSpec.imagePullSecrets": byKey("name"),
  "PodSpec.hostAliases": byKey("ip"),
  "PodSpec.topologySpreadConstraints": byKey("topologyKey,whenUnsatisfiable"),
  "PodSpec.schedulingGates": byKey("name"),
  "PodSpec.resourceClaims": byKey("name"),
  "PodStatus.conditions": byKey("type"),
  "PodStatus.podIPs": byKey("ip"),
  "PodStatus.hostIPs": patchedByKey("ip"),
  "PodStatus.resourceClaimStatuses": byKey("name"),
  "ResourceRequirements.claims": byKey("name", false),
  "ServiceSpec.ports": byKey("port,protocol"),
  "ServiceStatus.conditions": byKey("type"),
  "ServiceAccount.secrets": byKey("name"),
  "NamespaceStatus.conditions": byKey("type"),
  "NodeSpec.podCIDRs": set("merge"),
  "NodeStatus.conditions": byKey("type"),
  "NodeStatus.addresses": byKey("type"),
  "PersistentVolumeClaimStatus.conditions": byKey("type"),
  "DeploymentStatus.conditions": byKey("type"),
  "ReplicaSetStatus.conditions": byKey("type"),
  "StatefulSetStatus.conditions": byKey("type"),
  "DaemonSetStatus.conditions": byKey("type"),
  "HorizontalPodAutoscalerStatus.conditions": byKey("type"),
  "JobStatus.conditions": patchedByKey("type"),
  "CertificateSigningRequestStatus.conditions": byKey("type", false),
  "PodDisruptionBudgetStatus.conditions": byKey("type"),
  "ReplicationControllerStatus.conditions": byKey("type"),
  "PodFailurePolicyOnExitCodesRequirement.values": set(),
  "UncountedTerminatedPods.succeeded": set(),
  "UncountedTerminatedPods.failed": set(),
  "CSINodeSpec.drivers": byKey("name"),
  "CSIDriverSpec.volumeLifecycleModes": set(),
  "ValidatingWebhookConfiguration.webhooks": byKey("name"),
  "MutatingWebhookConfiguration.webhooks": byKey("name"),
  "ValidatingAdmissionPolicySpec.matchConditions": byKey("name"),
  "ValidatingAdmissionPolicySpec.variables": byKey("name"),
  "ValidatingAdmissionPolicyStatus.conditions": byKey("type"),
  "ValidatingAdmissionPolicyBindingSpec.validationActions": set(),
};

/** `+structType=atomic`. */
export const ATOMIC_MESSAGES: ReadonlySet<string> = new Set(
  [
    ..."ConfigMapKeySelector LocalObjectReference NodeSelector NodeSelectorTerm ObjectFieldSelector ObjectReference".split(" "),
    ..."ResourceFieldSelector SecretKeySelector SecretReference TypedLocalObjectReference".split(" "),
  ]
    .map((name) => `core.v1.${name}`)
    .concat("meta.v1.LabelSelector", "meta.v1.OwnerReference", "rbac.v1.RoleRef", "rbac.v1.Subject", "networking.v1.ServiceBackendPort")
    .concat(
      "MatchResources NamedRuleWithOperations ParamKind ParamRef Variable".split(" ").map((name) => `admissionregistration.v1.${name}`),
    ),
);

/** `+patchStrategy=retainKeys` of a struct: kubectl says which fields stay, as another type takes its parameters with it. */
export const RETAINING_FIELDS: ReadonlySet<string> = new Set(["DeploymentSpec.strategy"]);

/** `+structType=granular`, of a field whose type is atomic elsewhere. */
export const GRANULAR_FIELDS: ReadonlySet<string> = new Set(["PersistentVolumeSpec.claimRef"]);

/** `+mapType=atomic`. */
export const ATOMIC_FIELDS: ReadonlySet<string> = new Set([
  "PodSpec.nodeSelector",
  "ServiceSpec.selector",
  "ReplicationControllerSpec.selector",
  "Scheduling.nodeSelector",
]);

/** `+default` of fields that are keys of a list: without it, an item would not be known again once it is stored. */
export const DEFAULT_KEYS: Readonly<Record<string, string>> = { "ContainerPort.protocol": "TCP", "ServicePort.protocol": "TCP" };
