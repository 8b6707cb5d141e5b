import { admitBinding, admitRole } from "./admit-rbac.ts";
import type { ConfigMap, Container, PodSpec, Secret } from "./core.ts";
import { fieldError, formatFieldErrors, invalidFieldValue, via, viaEach, type FieldErrors } from "./field-error.ts";
import { validateDomainMapping, type DomainMapping } from "./domain-mapping.ts";
import { admitDefinition } from "./custom/admit-definition.ts";
import { admitClaim, admitStorageClass, admitVolume } from "./admit-storage.ts";
import { admitLimitRange } from "./admit-limit-range.ts";
import { admitAutoscaler } from "./autoscaling/admit-autoscaler.ts";
import { admitEvent, admitNewEvent } from "./events/admit-event.ts";
import { admitIstio } from "./istio/admit-istio.ts";
import { ALL_KINDS } from "./kinds/all-kinds.ts";
import { Pods } from "./kinds/core.ts";
import { inStorage, inVersion, type Kind } from "./kinds/kind.ts";
import type { KubeObject } from "./meta.ts";
import { LABELS } from "./names.ts";
import { admitPolicy, admitPolicyBinding } from "./policies/admit-policy.ts";
import type { Configuration, KnativeService, Revision, RevisionSpec, Route } from "./serving.ts";
import { admitServingConfig, type ConfigCheck } from "./serving-config/admit-config.ts";
import { DEFAULT_ADMISSION_CONFIG, type AdmissionConfig } from "./serving-config/admission-config.ts";
import { userPort } from "./user-port.ts";
import { admitDisruptionBudget } from "./policy/admit-disruption-budget.ts";
import { admitPriorityClass } from "./policy/admit-priority-class.ts";
import { admitRuntimeClass, admitStorageDriver, admitVolumeAttachment } from "./policy/admit-runtime.ts";
import { admitIngress, admitIngressClass } from "./networking/admit-ingress.ts";
import { admitCoreService } from "./networking/admit-service.ts";
import { admitNetworkPolicy } from "./networking/admit-network-policy.ts";
import { defaultPodSpec } from "./workloads/pod-defaults.ts";
import type { TemplateSpec } from "./workloads/workload.ts";
import { admitCronJob, admitJob } from "./workloads/admit-job.ts";
import {
  admitControllerRevision,
  admitDaemonSet,
  admitDeployment,
  admitPodTemplate,
  admitReplicaSet,
  admitReplicationController,
  admitStatefulSet,
} from "./workloads/admit-workload.ts";
import { admitWebhooks } from "./webhooks/admit-webhooks.ts";
import { admitSigningRequest } from "./signing/admit-signing-request.ts";
import { dropsNothing, insecureDefaults } from "./security-defaults.ts";
import { defaultRevisionSpec, defaultTemplate, defaultTraffic, withUser } from "./serving-defaults.ts";
import { badRequest, forbiddenField, invalid, invalidValue, refuseInvalid, tooLong, type FieldCause } from "./status-errors.ts";
import { sameValue } from "./validate-immutable.ts";
import { isInstance } from "./pod-status.ts";
import { podChangeCauses } from "./validate-pod-change.ts";
import { podSpecCauses } from "./validate-pod.ts";
import { validateConfiguration, validateRevision, validateRoute, validateService } from "./validate-serving.ts";

export interface AdmissionRequest {
  /** What is stored now; absent on create. */
  old?: KubeObject;
  /** Who asks; stamped on what they make. */
  user: string;
  /** The same with all that is known of them. */
  requester?: { name: string; uid?: string; groups: readonly string[]; extra?: Readonly<Record<string, readonly string[]>> };
  /** What the cluster's ConfigMaps say; upstream's defaults when absent. */
  config?: AdmissionConfig;
  /** Whether the data of a ConfigMap in namespace knative-serving can be read; all can when absent. */
  configCheck?: ConfigCheck;
  /** Nothing will be written: what a Revision's Pods would be refused for is looked at, too. */
  dryRun?: boolean;
  /** Why nothing comes of what is written, of an object that is made when it is read; told instead of what is told of its kind. */
  futile?: string;
  /** Takes what the client should be told although it is admitted. */
  warn?: (message: string) => void;
}

/**
 * What Kubernetes' registries and Knative's web hooks do to an object before it is stored: fills in defaults and refuses what is wrong.
 * The object must already fit its schema. Pure; throws StatusError: BadRequest in the web hook's words for Knative's kinds, Invalid for
 * the core ones. Not for the status subresource.
 */
export function admit(kind: Kind, object: KubeObject, request: AdmissionRequest): KubeObject {
  const admission = ADMISSIONS[`${kind.group}/${kind.kind}`];
  const admitted = admission ? admission(object, request, kind) : object;
  const futile = request.futile ?? kind.inert;
  if (futile !== undefined) request.warn?.(futile);
  return admitted;
}

type Admission = (object: KubeObject, request: AdmissionRequest, kind: Kind) => KubeObject;

/** Of a kind for which who asks is no matter. */
function plain(admission: (object: KubeObject, old: KubeObject | undefined, kind: Kind) => KubeObject): Admission {
  return (object, { old }, kind) => admission(object, old, kind);
}

const ADMISSIONS: Readonly<Record<string, Admission>> = {
  "serving.knative.dev/Service": admitService,
  "serving.knative.dev/Configuration": admitConfiguration,
  "serving.knative.dev/Revision": admitRevision,
  "serving.knative.dev/Route": admitRoute,
  "serving.knative.dev/DomainMapping": admitDomainMapping,
  "networking.istio.io/VirtualService": admitIstio,
  "networking.istio.io/Gateway": admitIstio,
  "apiextensions.k8s.io/CustomResourceDefinition": (object, { old }, kind) => admitDefinition(kind, object, { old, taken: isTaken }),
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": (object, _, kind) => admitWebhooks(object, kind),
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": (object, _, kind) => admitWebhooks(object, kind),
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy": (object, _, kind) => admitPolicy(object, kind),
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": (object, _, kind) => admitPolicyBinding(object, kind),
  "certificates.k8s.io/CertificateSigningRequest": admitSigningRequest,
  "autoscaling/HorizontalPodAutoscaler": admitHorizontal,
  "/Pod": admitPod,
  "/Service": plain(admitCoreService),
  "/LimitRange": (object, _, kind) => admitLimitRange(object, kind),
  "/PersistentVolumeClaim": plain(admitClaim),
  "/PersistentVolume": (object, _, kind) => admitVolume(object, kind),
  "storage.k8s.io/StorageClass": plain(admitStorageClass),
  "apps/Deployment": plain(admitDeployment),
  "apps/ReplicaSet": plain(admitReplicaSet),
  "apps/StatefulSet": plain(admitStatefulSet),
  "apps/DaemonSet": plain(admitDaemonSet),
  "apps/ControllerRevision": plain(admitControllerRevision),
  "/ReplicationController": plain(admitReplicationController),
  "/PodTemplate": plain(admitPodTemplate),
  "batch/Job": plain(admitJob),
  "batch/CronJob": plain(admitCronJob),
  "policy/PodDisruptionBudget": plain(admitDisruptionBudget),
  "networking.k8s.io/NetworkPolicy": plain(admitNetworkPolicy),
  "networking.k8s.io/Ingress": plain(admitIngress),
  "networking.k8s.io/IngressClass": plain(admitIngressClass),
  "scheduling.k8s.io/PriorityClass": plain(admitPriorityClass),
  "node.k8s.io/RuntimeClass": plain(admitRuntimeClass),
  "storage.k8s.io/CSIDriver": admitStorageDriver,
  "storage.k8s.io/VolumeAttachment": plain(admitVolumeAttachment),
  "/Node": admitNode,
  "/Event": plain(admitEvent),
  "events.k8s.io/Event": plain(admitNewEvent),
  "/ConfigMap": admitConfigMap,
  "/Secret": admitSecret,
  "rbac.authorization.k8s.io/Role": (object, _, kind) => admitRole(object, kind),
  "rbac.authorization.k8s.io/ClusterRole": (object, _, kind) => admitRole(object, kind),
  "rbac.authorization.k8s.io/RoleBinding": plain(admitBinding),
  "rbac.authorization.k8s.io/ClusterRoleBinding": plain(admitBinding),
};

function isTaken(group: string, plural: string, name: string): boolean {
  return ALL_KINDS.some((kind) => kind.group === group && (kind.plural === plural || kind.kind === name));
}

function admitService(raw: KubeObject, { old, user, warn, dryRun, config = DEFAULT_ADMISSION_CONFIG }: AdmissionRequest): KubeObject {
  const service = raw as KnativeService;
  const before = old as KnativeService | undefined;
  requireFields(service.spec, "spec");
  requireFields(service.spec.template, "spec.template");
  const spec = {
    ...service.spec,
    template: defaultTemplate(service.spec.template, before?.spec.template, { config, creating: !before, parent: service.metadata }),
    traffic: defaultTraffic(service.spec.traffic, true),
  };
  const admitted = withUser<KnativeService>({ ...service, spec }, before, user);
  refuse(validateService(admitted, before, config));
  if (dryRun) tryPod(admitted.spec.template.spec);
  warnOf(admitted.spec.template.spec, "spec.template.spec", warn);
  return admitted;
}

function admitConfiguration(raw: KubeObject, { old, user, warn, dryRun, config = DEFAULT_ADMISSION_CONFIG }: AdmissionRequest): KubeObject {
  const configuration = raw as Configuration;
  const before = old as Configuration | undefined;
  requireFields(configuration.spec, "spec");
  requireFields(configuration.spec.template, "spec.template");
  const context = { config, creating: !before, parent: configuration.metadata };
  const spec = { ...configuration.spec, template: defaultTemplate(configuration.spec.template, before?.spec.template, context) };
  const defaulted: Configuration = { ...configuration, spec };
  // What a Service owns carries the Service's annotations.
  const admitted = configuration.metadata.ownerReferences ? defaulted : withUser(defaulted, before, user);
  refuse(validateConfiguration(admitted, before, config));
  if (dryRun && !admitted.metadata.labels?.[LABELS.service]) tryPod(admitted.spec.template.spec);
  warnOf(admitted.spec.template.spec, "spec.template.spec", warn);
  return admitted;
}

function admitRevision(raw: KubeObject, { old, warn, config = DEFAULT_ADMISSION_CONFIG }: AdmissionRequest): KubeObject {
  const revision = raw as Revision;
  requireFields(revision.spec, "spec");
  // A Revision has no object around it that its containers could be named after.
  const context = { config, creating: true, parent: { name: "" } };
  const admitted = old ? revision : { ...revision, spec: defaultRevisionSpec(revision.spec, context) };
  refuse(validateRevision(admitted, old as Revision | undefined, config));
  if (!old) warnOf(admitted.spec, "spec", warn);
  return admitted;
}

function admitRoute(raw: KubeObject, { old, user }: AdmissionRequest): KubeObject {
  const route = raw as Route;
  const before = old as Route | undefined;
  const spec = { ...route.spec, traffic: defaultTraffic(route.spec?.traffic, false) };
  const defaulted: Route = { ...route, spec };
  const admitted = route.metadata.ownerReferences ? defaulted : withUser(defaulted, before, user);
  refuse(validateRoute(admitted, before));
  return admitted;
}

function admitDomainMapping(raw: KubeObject, { old, user }: AdmissionRequest): KubeObject {
  const mapping = raw as DomainMapping;
  requireFields(mapping.spec, "spec");
  const ref = { ...mapping.spec.ref, namespace: mapping.spec.ref.namespace || (mapping.metadata.namespace ?? "") };
  const admitted = withUser<DomainMapping>({ ...mapping, spec: { ...mapping.spec, ref } }, old as DomainMapping | undefined, user);
  refuse(validateDomainMapping(admitted, old as DomainMapping | undefined));
  return admitted;
}

function requireFields(value: unknown, path: string): void {
  if (value === undefined || value === null) refuse([{ message: "missing field(s)", paths: [path] }]);
}

/** In the version in which it is stored, whatever the request speaks. */
function admitHorizontal(object: KubeObject, _: AdmissionRequest, kind: Kind): KubeObject {
  return inVersion(kind, admitAutoscaler(inStorage(kind, object), kind));
}

/** There is but one: whoever cordons it should know that nothing else could take its instances. */
function admitNode(node: KubeObject, { warn }: AdmissionRequest): KubeObject {
  if ((node.spec as { unschedulable?: boolean } | undefined)?.unschedulable === true)
    warn?.("this is the only node: instances start on it although it is unschedulable");
  return node;
}

/** The record of an instance is of what runs already: it is as it is made, and changes no more than any other. */
function admitPod(raw: KubeObject, { old }: AdmissionRequest, kind: Kind): KubeObject {
  const { spec = {} } = raw as { spec?: TemplateSpec };
  const defaulted = defaultPodSpec(spec);
  if (old) refuseInvalid(kind, raw, podChangeCauses(defaulted, defaultPodSpec((old as { spec?: TemplateSpec }).spec ?? {})));
  if (isInstance(raw)) return raw;
  if (!old) refuseInvalid(kind, raw, podSpecCauses(defaulted as PodSpec, "spec"));
  return { ...raw, spec: defaulted };
}

/** With a request that is a dry run, Knative asks Kubernetes for the Pod that would be made (pkg/webhook/podspec_dryrun.go). */
function tryPod(spec: RevisionSpec): void {
  const containers = spec.containers.map((container) => ({
    ...container,
    ...(container.ports ? { ports: container.ports.map((port) => ({ ...port, containerPort: userPort(container) })) } : {}),
  }));
  const causes = podSpecCauses({ ...spec, containers }, "spec");
  if (causes.length === 0) return;
  const { message } = invalid(Pods, "dry-run-validation", causes);
  throw badRequest(
    `admission webhook "validation.webhook.serving.knative.dev" denied the request: validation callback failed: dry run failed with ${message}: spec.template`,
  );
}

function refuse(errors: FieldErrors): void {
  if (errors.length === 0) return;
  const text = formatFieldErrors(errors);
  throw badRequest(`admission webhook "validation.webhook.serving.knative.dev" denied the request: validation failed: ${text}`);
}

/** Knative's errors of the level of a warning: those of one message with all their paths. */
function warnOf(spec: RevisionSpec, path: string, warn: AdmissionRequest["warn"]): void {
  if (!warn) return;
  const errors = Object.entries({ containers: spec.containers, initContainers: spec.initContainers }).flatMap(([name, containers]) =>
    via(
      `${path}.${name}`,
      viaEach(containers, (container) => via("securityContext", doubtsOf(container, spec.securityContext))),
    ),
  );
  if (errors.length > 0) warn(formatFieldErrors(errors));
}

function doubtsOf(container: Container, pod: RevisionSpec["securityContext"]): FieldErrors {
  const unset = insecureDefaults(container, pod);
  return [
    ...(unset.length > 0 ? fieldError(INSECURE_DEFAULT, unset) : []),
    ...(dropsNothing(container) ? invalidFieldValue("all", "capabilities.drop", "Must be spelled as 'ALL'") : []),
  ];
}

const INSECURE_DEFAULT = "Kubernetes default value is insecure, Knative may default this to secure in a future release";
const MAX_DATA_BYTES = 1024 * 1024;
const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;

function admitConfigMap(raw: KubeObject, { old, configCheck }: AdmissionRequest, kind: Kind): KubeObject {
  const map = raw as ConfigMap;
  const before = old as ConfigMap | undefined;
  const both = Object.keys(map.data ?? {}).filter((key) => map.binaryData && Object.hasOwn(map.binaryData, key));
  const causes = [
    ...checkData(map.data ?? {}, "data"),
    ...checkData(map.binaryData ?? {}, "binaryData"),
    ...both.map((key) => invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData")),
    ...checkImmutable(map, before, ["data", "binaryData"]),
  ];
  refuseInvalid(kind, map, causes);
  if (configCheck) admitServingConfig(map, configCheck);
  return map;
}

function admitSecret(raw: KubeObject, { old }: AdmissionRequest, kind: Kind): KubeObject {
  const { stringData, ...secret } = raw as Secret;
  const before = old as Secret | undefined;
  const written = Object.entries(stringData ?? {}).map(([key, value]) => [key, Buffer.from(value, "utf8").toString("base64")]);
  const data = { ...secret.data, ...Object.fromEntries(written) } as Record<string, string>;
  const admitted: Secret = { ...secret, type: secret.type || "Opaque", ...(Object.keys(data).length > 0 ? { data } : {}) };
  const notBase64 = Object.entries(data).filter(([, value]) => !isBase64(value));
  const causes = [
    ...checkData(data, "data"),
    // The value itself must not be repeated: it is a secret.
    ...notBase64.map(([key]) => invalidValue(`data[${key}]`, "<redacted>", "must be base64; use stringData for plain text")),
    ...(before ? sameValue(admitted.type, before.type, "type") : []),
    ...checkImmutable(admitted, before, ["data"]),
  ];
  refuseInvalid(kind, admitted, causes);
  return admitted;
}

function isBase64(value: string): boolean {
  return value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}

function checkData(data: Record<string, string>, field: string): FieldCause[] {
  const size = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  const wrong = Object.keys(data).filter((key) => !DATA_KEY.test(key) || key === "." || key.startsWith(".."));
  const why =
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (regex used for validation is '[-._a-zA-Z0-9]+')";
  return [
    ...wrong.map((key) => invalidValue(`${field}[${key.slice(0, 300)}]`, key.slice(0, 300), why)),
    ...(size > MAX_DATA_BYTES ? [tooLong(field, MAX_DATA_BYTES)] : []),
  ];
}

function checkImmutable<T extends ConfigMap | Secret>(object: T, old: T | undefined, fields: readonly (keyof T)[]): FieldCause[] {
  if (!old?.immutable) return [];
  const why = "field is immutable when `immutable` is set";
  const changed = fields.filter((field) => JSON.stringify(object[field]) !== JSON.stringify(old[field]));
  return [...(object.immutable ? [] : [forbiddenField("immutable", why)]), ...changed.map((field) => forbiddenField(String(field), why))];
}
