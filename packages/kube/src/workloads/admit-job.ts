import { sameMessage } from "../builtin/same-message.ts";
import type { Kind } from "../kinds/kind.ts";
import type { KubeObject, ObjectMeta } from "../meta.ts";
import { invalidValue, oneOf, refuseInvalid, requiredField, unsupportedValue, type FieldCause } from "../status-errors.ts";
import { IMMUTABLE, sameValue } from "../validate-immutable.ts";
import { nonNegatives } from "../validate-numbers.ts";
import { scheduleFault, timeZoneFault } from "./cron-schedule.ts";
import { defaultTemplate } from "./pod-defaults.ts";
import { ownSelectorCauses, sameSelector, selectedCauses, templateSpecCauses } from "./validate-template.ts";
import type { CronJob, Job, JobSpec } from "./workload.ts";

/** What a Job's own selector goes by, and what its Pods are told beside it. */
const JOB_UID = "batch.kubernetes.io/controller-uid";
const NUMBERS = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
] as const;

/** k8s.io/kubernetes pkg/apis/batch: defaults and validation; upstream's words and their order. */
export function admitJob(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { spec: given = {}, metadata } = object as Job;
  const defaulted = defaultJob(given);
  const before = (old as Job | undefined)?.spec;
  const spec = before || given.manualSelector ? defaulted : withOwnSelector(defaulted, metadata);
  refuseInvalid(kind, object, [
    ...jobCauses(spec, "spec"),
    ...ownSelectorCauses(spec.selector, "spec.selector", "job"),
    ...selectedCauses(spec.template, spec.selector, "spec.template"),
    ...(before ? changeCauses(spec, before) : []),
  ]);
  return { ...object, spec };
}

function defaultJob(spec: JobSpec): JobSpec {
  const { parallelism, completions, completionMode = "NonIndexed", suspend = false, podFailurePolicy, template } = spec;
  return {
    ...spec,
    ...(completions === undefined && parallelism === undefined ? { completions: 1 } : {}),
    parallelism: parallelism ?? 1,
    backoffLimit: spec.backoffLimit ?? (spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1),
    completionMode,
    suspend,
    podReplacementPolicy: spec.podReplacementPolicy ?? (podFailurePolicy ? "Failed" : "TerminatingOrFailed"),
    ...(template ? { template: defaultTemplate(template) } : {}),
  };
}

/** Its Pods are known by its uid, under the old names of these labels too. */
function withOwnSelector(spec: JobSpec, { name, uid = "" }: ObjectMeta): JobSpec {
  if (!spec.template) return spec;
  const own = { [JOB_UID]: uid, "batch.kubernetes.io/job-name": name, "controller-uid": uid, "job-name": name };
  const { template } = spec;
  const metadata = { ...template.metadata, labels: { ...template.metadata?.labels, ...own } };
  return { ...spec, selector: { matchLabels: { [JOB_UID]: uid } }, template: { ...template, metadata } };
}

function jobCauses(spec: JobSpec, at: string): FieldCause[] {
  const { completionMode, completions, template, podReplacementPolicy } = spec;
  const policy = template?.spec?.restartPolicy;
  const path = `${at}.template.spec.restartPolicy`;
  const names = ["OnFailure", "Never"];
  return [
    ...nonNegatives(spec, NUMBERS, at),
    ...oneOf(completionMode, ["Indexed", "NonIndexed"], `${at}.completionMode`),
    ...(completionMode === "Indexed" && completions === undefined
      ? [requiredField(`${at}.completions`, "when completion mode is Indexed")]
      : []),
    ...oneOf(podReplacementPolicy, ["Failed", "TerminatingOrFailed"], `${at}.podReplacementPolicy`),
    ...(template ? templateSpecCauses(template, `${at}.template`) : [requiredField(`${at}.template`)]),
    ...(!template || (policy !== undefined && names.includes(policy))
      ? []
      : policy === "Always" || policy === undefined
        ? [requiredField(path, 'valid values: "OnFailure", "Never"')]
        : [unsupportedValue(path, policy, names)]),
  ];
}

/** While it is suspended, where and how its Pods run may still change. */
function changeCauses(spec: JobSpec, before: JobSpec): FieldCause[] {
  return [
    ...sameValue(spec.completions, before.completions, "spec.completions"),
    ...sameSelector(spec.selector, before.selector, "spec.selector"),
    ...(before.suspend || sameMessage("core.v1.PodTemplateSpec", spec.template, before.template)
      ? []
      : [invalidValue("spec.template", "...", IMMUTABLE)]),
    ...sameValue(spec.completionMode, before.completionMode, "spec.completionMode"),
  ];
}

/** The Jobs that it makes get eleven characters more. */
const LONGEST_CRON_NAME = 52;
const HISTORY = ["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"] as const;

export function admitCronJob(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { spec = {}, metadata } = object as CronJob;
  const { jobTemplate = {}, concurrencyPolicy = "Allow", successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = spec;
  const own = jobTemplate.spec ?? {};
  const job: JobSpec = { ...own, ...(own.template ? { template: defaultTemplate(own.template) } : {}) };
  const counted = { successfulJobsHistoryLimit, failedJobsHistoryLimit };
  const full = { ...spec, suspend: spec.suspend ?? false, concurrencyPolicy, ...counted, jobTemplate: { ...jobTemplate, spec: job } };
  refuseInvalid(kind, object, [
    ...scheduleCauses(spec.schedule ?? "", spec.timeZone),
    ...nonNegatives(full, HISTORY, "spec"),
    ...oneOf(concurrencyPolicy, ["Allow", "Forbid", "Replace"], "spec.concurrencyPolicy"),
    // What a Job is given only when it is made is none of its template's.
    ...jobCauses({ completionMode: "NonIndexed", podReplacementPolicy: "TerminatingOrFailed", ...job }, "spec.jobTemplate.spec"),
    ...(!old && metadata.name.length > LONGEST_CRON_NAME
      ? [invalidValue("metadata.name", metadata.name, `must be no more than ${LONGEST_CRON_NAME} characters`)]
      : []),
  ]);
  return { ...object, spec: full };
}

function scheduleCauses(schedule: string, timeZone: string | undefined): FieldCause[] {
  const fault = schedule === "" ? undefined : scheduleFault(schedule);
  const zone = timeZone === undefined ? undefined : timeZoneFault(timeZone);
  return [
    ...(schedule === "" ? [requiredField("spec.schedule")] : []),
    ...(fault === undefined ? [] : [invalidValue("spec.schedule", schedule, fault)]),
    ...(zone === undefined ? [] : [invalidValue("spec.timeZone", timeZone, zone)]),
  ];
}
