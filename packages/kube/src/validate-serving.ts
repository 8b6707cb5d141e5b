import { isDeepStrictEqual } from "node:util";
import { parseDuration } from "./duration.ts";
import {
  disallowedFields,
  fieldError,
  invalidFieldValue,
  invalidKeyName,
  missingField,
  multipleOneOf,
  missingOneOf,
  outOfBounds,
  via,
  type FieldErrors,
} from "./field-error.ts";
import type { ObjectMeta } from "./meta.ts";
import { dns1035LabelFaults, qualifiedNameFaults } from "./dns-names.ts";
import { ANNOTATIONS, LABELS } from "./names.ts";
import type { Configuration, KnativeService, Revision, RevisionSpec, RevisionTemplate, Route, TrafficTarget } from "./serving.ts";
import { shortDiff } from "./short-diff.ts";
import { validateTrafficPolicy } from "./traffic-policy.ts";
import { validateAutoscaling } from "./validate-autoscaling.ts";
import { validatePodSpec } from "./validate-pod-spec.ts";
import { DEFAULT_ADMISSION_CONFIG, type AdmissionConfig } from "./serving-config/admission-config.ts";

/** knative/serving pkg/apis/serving/v1/{service,configuration,revision,route}_validation.go. */
const QUEUE_PERCENTAGE = ["queue.sidecar.serving.knative.dev/resource-percentage", "queue.sidecar.serving.knative.dev/resourcePercentage"];

export function validateService(
  service: KnativeService,
  old: KnativeService | undefined,
  config: AdmissionConfig = DEFAULT_ADMISSION_CONFIG,
): FieldErrors {
  const { metadata, spec } = service;
  return [
    ...via("metadata", [
      ...validateMetadata(metadata),
      ...via("labels", validateLabels(metadata, {})),
      ...via("annotations", validateRolloutDuration(metadata.annotations)),
    ]),
    ...via("spec", [...via("template", validateTemplate(spec.template, metadata, config)), ...validateTraffic(spec.traffic ?? [], true)]),
    ...(old ? validateModifier(service, old) : []),
    ...(old ? via("spec.template", validateNameChange(spec.template, old.spec.template)) : []),
  ];
}

export function validateConfiguration(
  configuration: Configuration,
  old: Configuration | undefined,
  config: AdmissionConfig = DEFAULT_ADMISSION_CONFIG,
): FieldErrors {
  const { metadata, spec } = configuration;
  const known = [LABELS.route, LABELS.configurationUid, LABELS.serviceUid];
  return [
    ...via("metadata", [
      ...validateMetadata(metadata),
      ...via("labels", validateLabels(metadata, { known, owner: [LABELS.service, "Service"] })),
    ]),
    ...via("spec.template", validateTemplate(spec.template, metadata, config)),
    ...(old && !metadata.ownerReferences ? validateModifier(configuration, old) : []),
    ...(old ? via("spec.template", validateNameChange(spec.template, old.spec.template)) : []),
  ];
}

export function validateRoute(route: Route, old: Route | undefined): FieldErrors {
  const { metadata, spec } = route;
  return [
    ...via("metadata", [
      ...validateMetadata(metadata),
      ...via("labels", validateLabels(metadata, { owner: [LABELS.service, "Service"] })),
      ...via("annotations", validateRolloutDuration(metadata.annotations)),
    ]),
    ...via("spec", validateTraffic(spec.traffic ?? [], false)),
    ...(old && !metadata.ownerReferences ? validateModifier(route, old) : []),
  ];
}

export function validateRevision(
  revision: Revision,
  old: Revision | undefined,
  config: AdmissionConfig = DEFAULT_ADMISSION_CONFIG,
): FieldErrors {
  const { metadata, spec } = revision;
  const known = [
    LABELS.routingState,
    LABELS.route,
    LABELS.service,
    LABELS.configurationUid,
    LABELS.serviceUid,
    LABELS.configurationGeneration,
  ];
  const meta = via("metadata", [
    ...validateName(metadata),
    ...via("annotations", validateAutoscaling(metadata.annotations ?? {}, config.scale)),
    ...via("labels", validateLabels(metadata, { known, owner: [LABELS.configuration, "Configuration"] })),
  ]);
  if (!old) return [...meta, ...via("spec", validateSpec(spec, config))];
  if (isDeepStrictEqual(spec, old.spec)) return meta;
  return [...meta, ...fieldError("Immutable fields changed (-old +new)", ["spec"], shortDiff(old.spec, spec, "{v1.RevisionSpec}"))];
}

/** Services, Configurations and Routes: what scales belongs in the template. */
function validateMetadata(metadata: ObjectMeta): FieldErrors {
  const misplaced = Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith("autoscaling.knative.dev"));
  const why = `autoscaling annotations must be put under "spec.template.metadata.annotations" to work`;
  return [
    ...validateName(metadata),
    ...via("annotations", [...misplaced.flatMap((key) => invalidKeyName(key, "", why)), ...validateTrafficPolicy(metadata.annotations)]),
  ];
}

function validateName({ name, generateName }: ObjectMeta): FieldErrors {
  const prefixFault = generateName ? generatedNameFault(generateName) : undefined;
  if (prefixFault !== undefined) return fieldError(prefixFault, ["generateName"]);
  const fault = name ? nameFault(name) : undefined;
  return fault === undefined ? [] : fieldError(fault, ["name"]);
}

function nameFault(name: string): string | undefined {
  return labelFault("label", name);
}

/** It may end in a dash, as more comes after it (k8s.io/apimachinery maskTrailingDash). */
function generatedNameFault(prefix: string): string | undefined {
  return labelFault("label prefix", prefix.length > 1 && prefix.endsWith("-") ? `${prefix.slice(0, -2)}a` : prefix);
}

/** Go prints a list in brackets. */
function labelFault(what: string, name: string): string | undefined {
  const faults = dns1035LabelFaults(name);
  return faults.length === 0 ? undefined : `not a DNS 1035 ${what}: [${faults.join(" ")}]`;
}

interface LabelRules {
  known?: readonly string[];
  /** A label whose value must be the name of an owner of that kind. */
  owner?: readonly [label: string, kind: string];
}

function validateLabels(metadata: ObjectMeta, { known = [], owner }: LabelRules): FieldErrors {
  return Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key === LABELS.visibility) return value === "cluster-local" ? [] : invalidFieldValue(value, key);
    if (owner && key === owner[0]) {
      const owned = metadata.ownerReferences?.some((reference) => reference.kind === owner[1] && reference.name === value);
      return owned ? [] : missingField(key);
    }
    return key.startsWith("serving.knative.dev/") && !known.includes(key) ? invalidKeyName(key, "") : [];
  });
}

function validateTemplate({ metadata = {}, spec }: RevisionTemplate, parent: ObjectMeta, config: AdmissionConfig): FieldErrors {
  const annotations = metadata.annotations ?? {};
  return [
    ...via("spec", validateSpec(spec, config)),
    ...via("metadata.annotations", [
      ...validateAutoscaling(annotations, config.scale),
      ...validateQueuePercentage(annotations),
      ...validateSeconds(annotations, ANNOTATIONS.progressDeadline, "progress-deadline"),
    ]),
    ...validateTemplateName(metadata, parent),
  ];
}

function validateTemplateName({ name, generateName }: NonNullable<RevisionTemplate["metadata"]>, parent: ObjectMeta): FieldErrors {
  const prefixFault = generateName ? generatedNameFault(generateName) : undefined;
  if (prefixFault !== undefined) return invalidFieldValue(prefixFault, "metadata.generateName");
  if (!name) return [];
  const fault = nameFault(name);
  if (fault !== undefined) return invalidFieldValue(fault, "metadata.name");
  if (!parent.name && parent.generateName) return disallowedFields("metadata.name");
  const prefix = `${parent.name}-`;
  if (name.startsWith(prefix)) return [];
  return invalidFieldValue(`${JSON.stringify(name)} must have prefix ${JSON.stringify(prefix)}`, "metadata.name");
}

/** The sidecar's share of the container's resources. */
function validateQueuePercentage(annotations: NonNullable<ObjectMeta["annotations"]>): FieldErrors {
  const key = QUEUE_PERCENTAGE.find((name) => annotations[name] !== undefined);
  if (key === undefined) return [];
  const text = annotations[key] ?? "";
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) return invalidFieldValue(text, `[${key}]`);
  return value < 0.1 || value > 100 ? outOfBounds(value, [0.1, 100], `[${key}]`) : [];
}

function validateSpec(spec: RevisionSpec, { defaults, features }: AdmissionConfig): FieldErrors {
  const { timeoutSeconds, responseStartTimeoutSeconds, idleTimeoutSeconds, containerConcurrency } = spec;
  const bound = (value: number | undefined, upper: number, path: string) =>
    value !== undefined && (value < 0 || value > upper) ? outOfBounds(value, [0, upper], path) : [];
  const total = timeoutSeconds || defaults.maxTimeoutSeconds;
  const least = defaults.allowConcurrencyZero ? 0 : 1;
  const most = defaults.maxContainerConcurrency;
  return [
    ...validatePodSpec(spec, features),
    ...bound(timeoutSeconds, defaults.maxTimeoutSeconds, "timeoutSeconds"),
    ...bound(responseStartTimeoutSeconds, total, "responseStartTimeoutSeconds"),
    ...bound(idleTimeoutSeconds, total, "idleTimeoutSeconds"),
    ...(containerConcurrency !== undefined && (containerConcurrency < least || containerConcurrency > most)
      ? outOfBounds(containerConcurrency, [least, most], "containerConcurrency")
      : []),
  ];
}

/** A revision that was given a name by hand must be given another when its template changes. */
function validateNameChange(template: RevisionTemplate, old: RevisionTemplate): FieldErrors {
  const name = template.metadata?.name;
  if (!name || name !== old.metadata?.name || isDeepStrictEqual(template, old)) return [];
  const message = "Saw the following changes without a name change (-old +new)";
  return fieldError(message, ["metadata.name"], shortDiff(old, template, "{*v1.RevisionTemplateSpec}"));
}

function validateTraffic(traffic: readonly TrafficTarget[], inService: boolean): FieldErrors {
  const tags = new Map<string, number>();
  const errors = traffic.flatMap((target, index) => {
    const first = target.tag ? tags.get(target.tag) : undefined;
    const own = via(`[${index}]`, validateTarget(target, inService));
    if (!target.tag) return own;
    if (first === undefined) tags.set(target.tag, index);
    const fault = nameFault(target.tag);
    return [
      ...own,
      ...(fault === undefined ? [] : invalidFieldValue(fault, `tag[${index}]`)),
      ...(first === undefined
        ? []
        : fieldError(`Multiple definitions for ${JSON.stringify(target.tag)}`, [`[${index}].tag`, `[${first}].tag`])),
    ];
  });
  const sum = traffic.reduce((total, { percent = 0 }) => total + percent, 0);
  return via("traffic", [...errors, ...(sum === 100 ? [] : fieldError(`Traffic targets sum to ${sum}, want 100`, [""]))]);
}

function validateTarget(target: TrafficTarget, inService: boolean): FieldErrors {
  const { revisionName = "", latestRevision, percent = 0, url } = target;
  const contradiction = latestRevision !== undefined && (revisionName !== "") === latestRevision;
  const text = `may not set revisionName ${JSON.stringify(revisionName)} when latestRevision is ${String(latestRevision)}`;
  return [
    ...(contradiction ? fieldError(text, ["latestRevision"]) : []),
    ...validateDestination(target, inService),
    ...(percent < 0 || percent > 100 ? outOfBounds(percent, [0, 100], "percent") : []),
    ...(url ? disallowedFields("url") : []),
  ];
}

function validateDestination({ revisionName = "", configurationName = "" }: TrafficTarget, inService: boolean): FieldErrors {
  const named = (name: string, path: string) => {
    const faults = qualifiedNameFaults(name);
    return faults.length === 0 ? [] : invalidKeyName(name, path, faults.join(", "));
  };
  if (inService && configurationName) return disallowedFields("configurationName");
  if (revisionName && configurationName) return multipleOneOf("revisionName", "configurationName");
  if (revisionName) return named(revisionName, "revisionName");
  if (configurationName) return named(configurationName, "configurationName");
  return inService ? [] : missingOneOf("revisionName", "configurationName");
}

function validateRolloutDuration(annotations: ObjectMeta["annotations"] = {}): FieldErrors {
  const key = ["serving.knative.dev/rollout-duration", "serving.knative.dev/rolloutDuration"].find((name) => annotations[name]);
  return key ? validateSeconds(annotations, key, "rollout-duration") : [];
}

function validateSeconds(annotations: NonNullable<ObjectMeta["annotations"]>, key: string, name: string): FieldErrors {
  const text = annotations[key];
  if (!text) return [];
  const value = parseDuration(text);
  if (value === undefined) return invalidFieldValue(text, key);
  if (value % 1000 !== 0) return fieldError(`${name}=${text} is not at second precision`, [key]);
  return value < 0 ? fieldError(`${name}=${text} must be positive`, [key]) : [];
}

/** knative.dev/pkg apis.ValidateCreatorAndModifier. */
export function validateModifier(
  object: { metadata: ObjectMeta; spec: unknown },
  old: { metadata: ObjectMeta; spec: unknown },
): FieldErrors {
  const { creator, lastModifier } = ANNOTATIONS;
  const now = object.metadata.annotations ?? {};
  const before = old.metadata.annotations ?? {};
  return via("metadata.annotations", [
    ...(now[creator] === before[creator] ? [] : fieldError("annotation value is immutable", [creator])),
    ...(now[lastModifier] !== before[lastModifier] && isDeepStrictEqual(object.spec, old.spec)
      ? invalidFieldValue(now[lastModifier] ?? "", lastModifier)
      : []),
  ]);
}
