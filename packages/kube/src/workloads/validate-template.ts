import { formatLabelSelector, parseLabelSelector } from "../label-selector.ts";
import type { LabelSelector } from "../rbac.ts";
import { sameJson } from "../same-json.ts";
import { forbiddenField, requiredField, unsupportedValue, type FieldCause } from "../status-errors.ts";
import { IMMUTABLE } from "../validate-immutable.ts";
import { podSpecCauses } from "../validate-pod.ts";
import { selectorCauses } from "../webhooks/validate-webhook.ts";
import type { PodTemplateSpec } from "./workload.ts";

/** Of what is shown as Go prints it, which clients know these refusals by. */
function invalidLiteral(field: string, literal: string, why: string): FieldCause {
  return { reason: "FieldValueInvalid", field, message: `Invalid value: ${literal}: ${why}` };
}

function goMap(map: Record<string, string> | undefined): string {
  if (!map) return "map[string]string(nil)";
  const pairs = Object.keys(map)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(map[key])}`);
  return `map[string]string{${pairs.join(", ")}}`;
}

function goSelector({ matchLabels, matchExpressions }: LabelSelector): string {
  const expressions = (matchExpressions ?? []).map(({ key, operator, values }) => {
    const list = values ? `[]string{${values.map((value) => JSON.stringify(value)).join(", ")}}` : "[]string(nil)";
    return `v1.LabelSelectorRequirement{Key:${JSON.stringify(key)}, Operator:${JSON.stringify(operator)}, Values:${list}}`;
  });
  const requirements = matchExpressions ? `{${expressions.join(", ")}}` : "(nil)";
  return `v1.LabelSelector{MatchLabels:${goMap(matchLabels)}, MatchExpressions:[]v1.LabelSelectorRequirement${requirements}}`;
}

const isEmpty = (selector: LabelSelector) => formatLabelSelector(selector) === "";

/** A selector that must select something; `workload` is what it is of, in lower case. */
export function ownSelectorCauses(selector: LabelSelector | undefined, at: string, workload: string): FieldCause[] {
  if (!selector) return [requiredField(at)];
  const causes = selectorCauses(selector, at);
  return isEmpty(selector) ? [...causes, invalidLiteral(at, goSelector(selector), `empty selector is invalid for ${workload}`)] : causes;
}

/** A template must be selected by what makes Pods of it. */
export function selectedCauses(template: PodTemplateSpec | undefined, selector: LabelSelector | undefined, at: string): FieldCause[] {
  if (!template) return [requiredField(at)];
  if (!selector || isEmpty(selector) || selectorCauses(selector, at).length > 0) return [];
  const labels = template.metadata?.labels;
  if (parseLabelSelector(formatLabelSelector(selector))(labels)) return [];
  return [invalidLiteral(`${at}.metadata.labels`, goMap(labels), "`selector` does not match template `labels`")];
}

/** What runs until it is taken away is started again always, and has no deadline. */
export function lastingCauses({ spec }: PodTemplateSpec, at: string, workload: string): FieldCause[] {
  const policy = spec?.restartPolicy;
  return [
    ...(policy === undefined || policy === "Always" ? [] : [unsupportedValue(`${at}.spec.restartPolicy`, policy, ["Always"])]),
    ...(spec?.activeDeadlineSeconds === undefined
      ? []
      : [forbiddenField(`${at}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${workload} is not Supported`)]),
  ];
}

export function templateSpecCauses({ spec }: PodTemplateSpec, at: string): FieldCause[] {
  return podSpecCauses({ containers: [], ...spec }, `${at}.spec`);
}

export function sameSelector(selector: LabelSelector | undefined, old: LabelSelector | undefined, at: string): FieldCause[] {
  if (sameJson(selector ?? {}, old ?? {})) return [];
  return [invalidLiteral(at, goSelector(selector ?? {}), IMMUTABLE)];
}
