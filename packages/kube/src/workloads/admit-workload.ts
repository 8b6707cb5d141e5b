import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import { sameMessage } from "../builtin/same-message.ts";
import { sameJson } from "../same-json.ts";
import { forbiddenField, invalidValue, oneOf, refuseInvalid, requiredField, type FieldCause } from "../status-errors.ts";
import { IMMUTABLE } from "../validate-immutable.ts";
import { nonNegative, nonNegatives, numberOrPercent } from "../validate-numbers.ts";
import { defaultTemplate } from "./pod-defaults.ts";
import { lastingCauses, ownSelectorCauses, sameSelector, selectedCauses, templateSpecCauses } from "./validate-template.ts";
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  PodTemplate,
  PodTemplateSpec,
  ReplicaSet,
  ReplicationController,
  RollingUpdate,
  StatefulSet,
} from "./workload.ts";

/** k8s.io/kubernetes pkg/apis/apps and core: defaults and validation of what makes Pods of a template; upstream's words and their order. */
export function admitDeployment(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { spec = {} } = object as Deployment;
  const { strategy = {}, replicas = 1, revisionHistoryLimit = 10, progressDeadlineSeconds = 600 } = spec;
  const type = strategy.type || "RollingUpdate";
  const rolling = type === "RollingUpdate" ? { rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%", ...strategy.rollingUpdate } } : {};
  const full = {
    ...withTemplate(spec),
    replicas,
    revisionHistoryLimit,
    progressDeadlineSeconds,
    strategy: { ...strategy, type, ...rolling },
  };
  const { minReadySeconds = 0 } = full;
  const before = (old as Deployment | undefined)?.spec;
  refuseInvalid(kind, object, [
    ...nonNegative(replicas, "spec.replicas"),
    ...replicatedCauses(full, "deployment", "Deployment"),
    ...oneOf(type, ["Recreate", "RollingUpdate"], "spec.strategy.type"),
    ...(type === "Recreate" && strategy.rollingUpdate
      ? [forbiddenField("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")]
      : []),
    ...rollingCauses(full.strategy.rollingUpdate, "spec.strategy.rollingUpdate"),
    ...nonNegatives(full, ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"], "spec"),
    ...(progressDeadlineSeconds <= minReadySeconds
      ? [invalidValue("spec.progressDeadlineSeconds", progressDeadlineSeconds, "must be greater than minReadySeconds")]
      : []),
    ...(before ? sameSelector(spec.selector, before.selector, "spec.selector") : []),
  ]);
  return { ...object, spec: full };
}

export function admitReplicaSet(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { spec = {} } = object as ReplicaSet;
  const full = { ...withTemplate(spec), replicas: spec.replicas ?? 1 };
  const before = (old as ReplicaSet | undefined)?.spec;
  refuseInvalid(kind, object, [
    ...nonNegatives(full, ["replicas", "minReadySeconds"], "spec"),
    ...replicatedCauses(full, "deployment", "ReplicaSet"),
    ...(before ? sameSelector(spec.selector, before.selector, "spec.selector") : []),
  ]);
  return { ...object, spec: full };
}

export function admitReplicationController(object: KubeObject, _: KubeObject | undefined, kind: Kind): KubeObject {
  const { spec = {}, metadata } = object as ReplicationController;
  const labels = spec.template?.metadata?.labels;
  const selector = isEmpty(spec.selector) ? labels : spec.selector;
  const full = { ...withTemplate(spec), replicas: spec.replicas ?? 1, ...(selector ? { selector } : {}) };
  const { template } = full;
  refuseInvalid(kind, object, [
    ...nonNegative(full.minReadySeconds, "spec.minReadySeconds"),
    ...(isEmpty(selector) ? [requiredField("spec.selector")] : []),
    ...nonNegative(full.replicas, "spec.replicas"),
    ...selectedCauses(template, { matchLabels: selector ?? {} }, "spec.template"),
    ...(template
      ? [...templateSpecCauses(template, "spec.template"), ...lastingCauses(template, "spec.template", "ReplicationController")]
      : []),
  ]);
  return { ...object, metadata: isEmpty(metadata.labels) && labels ? { ...metadata, labels } : metadata, spec: full };
}

function isEmpty(map: object | undefined): boolean {
  return Object.keys(map ?? {}).length === 0;
}

const RETENTION = ["Delete", "Retain"];
/** What a StatefulSet may be changed in. */
const CHANGEABLE = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
] as const;

export function admitStatefulSet(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { spec = {} } = object as StatefulSet;
  const { replicas = 1, revisionHistoryLimit = 10, podManagementPolicy = "OrderedReady", updateStrategy = {} } = spec;
  const type = updateStrategy.type || "RollingUpdate";
  const rolling = type === "RollingUpdate" ? { rollingUpdate: { partition: 0, ...updateStrategy.rollingUpdate } } : {};
  const retention = { whenDeleted: "Retain", whenScaled: "Retain", ...spec.persistentVolumeClaimRetentionPolicy };
  const full: NonNullable<StatefulSet["spec"]> = {
    ...withTemplate(spec),
    replicas,
    revisionHistoryLimit,
    podManagementPolicy,
    serviceName: spec.serviceName ?? "",
    updateStrategy: { ...updateStrategy, type, ...rolling },
    persistentVolumeClaimRetentionPolicy: retention,
    ...(spec.volumeClaimTemplates ? { volumeClaimTemplates: spec.volumeClaimTemplates.map(defaultClaim) } : {}),
  };
  const { template } = full;
  const before = (old as StatefulSet | undefined)?.spec;
  refuseInvalid(kind, object, [
    ...oneOf(podManagementPolicy, ["OrderedReady", "Parallel"], "spec.podManagementPolicy"),
    ...oneOf(type, ["OnDelete", "RollingUpdate"], "spec.updateStrategy.type"),
    ...(type === "OnDelete" && updateStrategy.rollingUpdate
      ? [invalidValue("spec.updateStrategy.rollingUpdate", "...", "only allowed for updateStrategy 'RollingUpdate'")]
      : []),
    ...nonNegative(full.updateStrategy?.rollingUpdate?.partition, "spec.updateStrategy.rollingUpdate.partition"),
    ...oneOf(retention.whenDeleted, RETENTION, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted"),
    ...oneOf(retention.whenScaled, RETENTION, "spec.persistentVolumeClaimRetentionPolicy.whenScaled"),
    ...nonNegatives(full, ["replicas", "minReadySeconds"], "spec"),
    ...nonNegative(spec.ordinals?.start, "spec.ordinals.start"),
    ...ownSelectorCauses(spec.selector, "spec.selector", "statefulset"),
    // Upstream does not look at its containers either: their mounts may be of the claims.
    ...selectedCauses(template, spec.selector, "spec.template"),
    ...(template ? lastingCauses(template, "spec.template", "StatefulSet") : []),
    ...(before ? fixedCauses(full, before) : []),
  ]);
  return { ...object, spec: full };
}

function fixedCauses(spec: NonNullable<StatefulSet["spec"]>, before: NonNullable<StatefulSet["spec"]>): FieldCause[] {
  const kept = { ...before, ...Object.fromEntries(CHANGEABLE.map((name) => [name, spec[name]])) };
  if (sameMessage("apps.v1.StatefulSetSpec", spec, kept)) return [];
  const names = CHANGEABLE.map((name) => `'${name}'`);
  const list = `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
  return [forbiddenField("spec", `updates to statefulset spec for fields other than ${list} are forbidden`)];
}

type ClaimTemplate = NonNullable<NonNullable<StatefulSet["spec"]>["volumeClaimTemplates"]>[number];

function defaultClaim(claim: ClaimTemplate): ClaimTemplate {
  const whole = { apiVersion: "v1", kind: "PersistentVolumeClaim", ...claim };
  return { ...whole, spec: { volumeMode: "Filesystem", ...claim.spec }, status: { phase: "Pending" } };
}

export function admitDaemonSet(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { spec = {} } = object as DaemonSet;
  const { updateStrategy = {}, revisionHistoryLimit = 10 } = spec;
  const type = updateStrategy.type || "RollingUpdate";
  const rolling = type === "RollingUpdate" ? { rollingUpdate: { maxUnavailable: 1, maxSurge: 0, ...updateStrategy.rollingUpdate } } : {};
  const full = { ...withTemplate(spec), revisionHistoryLimit, updateStrategy: { ...updateStrategy, type, ...rolling } };
  const before = (old as DaemonSet | undefined)?.spec;
  refuseInvalid(kind, object, [
    ...replicatedCauses(full, "daemonset", "DaemonSet"),
    ...nonNegatives(full, ["minReadySeconds", "revisionHistoryLimit"], "spec"),
    ...oneOf(type, ["OnDelete", "RollingUpdate"], "spec.updateStrategy.type"),
    ...rollingCauses(full.updateStrategy.rollingUpdate, "spec.updateStrategy.rollingUpdate"),
    ...(before ? sameSelector(spec.selector, before.selector, "spec.selector") : []),
  ]);
  return { ...object, spec: full };
}

export function admitControllerRevision(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { data, revision = 0 } = object as ControllerRevision;
  const before: ControllerRevision | undefined = old;
  refuseInvalid(kind, object, [
    ...nonNegative(revision, "revision"),
    ...(data === undefined ? [requiredField("data", "data is mandatory")] : []),
    ...(before && !sameJson(data, before.data) ? [invalidValue("data", "...", IMMUTABLE)] : []),
  ]);
  return { ...object, revision } as KubeObject;
}

export function admitPodTemplate(object: KubeObject, _: KubeObject | undefined, kind: Kind): KubeObject {
  const { template = {} } = object as PodTemplate;
  const full = defaultTemplate(template);
  refuseInvalid(kind, object, templateSpecCauses(full, "template"));
  return { ...object, template: full } as KubeObject;
}

function withTemplate<T extends { template?: PodTemplateSpec }>(spec: T): T {
  return spec.template ? { ...spec, template: defaultTemplate(spec.template) } : spec;
}

/** `small` and `large` are the workload's name as upstream writes it. */
function replicatedCauses({ selector, template }: NonNullable<ReplicaSet["spec"]>, small: string, large: string): FieldCause[] {
  const at = "spec.template";
  return [
    ...ownSelectorCauses(selector, "spec.selector", small),
    ...selectedCauses(template, selector, at),
    ...(template ? [...templateSpecCauses(template, at), ...lastingCauses(template, at, large)] : []),
  ];
}

function rollingCauses(rolling: RollingUpdate | undefined, at: string): FieldCause[] {
  if (!rolling) return [];
  const { maxUnavailable, maxSurge } = rolling;
  const none = (value: number | string | undefined) => value === undefined || Number.parseInt(String(value), 10) === 0;
  const stuck = none(maxUnavailable) && none(maxSurge);
  return [
    ...numberOrPercent(maxUnavailable, `${at}.maxUnavailable`),
    ...numberOrPercent(maxSurge, `${at}.maxSurge`),
    ...(stuck ? [invalidValue(`${at}.maxUnavailable`, maxUnavailable ?? 0, "may not be 0 when `maxSurge` is 0")] : []),
  ];
}
