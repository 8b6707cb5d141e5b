import { asGoWrites } from "./builtin/same-message.ts";
import type { Container, PodSpec } from "./core.ts";
import { isJsonObject } from "./patch.ts";
import { sameJson } from "./same-json.ts";
import { forbiddenField, invalidValue, requiredField, type FieldCause } from "./status-errors.ts";
import type { TemplateSpec } from "./workloads/workload.ts";

const CHANGEABLE = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
].join(",");
const SPEC = "core.v1.PodSpec";
const MOST_SECONDS = 2 ** 31 - 1;

/**
 * k8s.io/kubernetes pkg/apis/core/validation ValidatePodUpdate, in upstream's words and order, of specs with their defaults. Where upstream prints
 * both as Go structs, the fields are named that differ.
 */
export function podChangeCauses(spec: TemplateSpec, before: TemplateSpec): FieldCause[] {
  if (sameJson(spec, before)) return [];
  const counted = (["containers", "initContainers"] as const).flatMap((list) =>
    imageCauses(spec[list] ?? [], before[list] ?? [], `spec.${list}`),
  );
  if (counted.some(({ reason }) => reason === "FieldValueForbidden")) return counted;
  const first = [...counted, ...deadlineCauses(spec.activeDeadlineSeconds, before.activeDeadlineSeconds)];
  if (first.length > counted.length) return first;
  const fields = differences(asGoWrites(SPEC, { ...spec, ...changeable(spec, before) }), asGoWrites(SPEC, before), "spec");
  return [
    ...first,
    ...tolerationCauses(spec.tolerations ?? [], before.tolerations ?? []),
    ...(fields.length === 0
      ? []
      : [forbiddenField("spec", `pod updates may not change fields other than ${CHANGEABLE}\n\tchanged: ${fields.join(", ")}`)]),
  ];
}

/** What may be changed, as it was. */
function changeable(spec: TemplateSpec, before: TemplateSpec): TemplateSpec {
  const imagesOf = (now: readonly Container[] = [], then: readonly Container[] = []) =>
    now.map((container, index) => ({ ...container, image: then[index]?.image ?? "" }));
  const { terminationGracePeriodSeconds: grace = 0 } = before;
  const mended = grace < 0 && spec.terminationGracePeriodSeconds === 1;
  return {
    containers: imagesOf(spec.containers, before.containers),
    ...(spec.initContainers ? { initContainers: imagesOf(spec.initContainers, before.initContainers) } : {}),
    ...(mended ? { terminationGracePeriodSeconds: grace } : {}),
    activeDeadlineSeconds: before.activeDeadlineSeconds,
    tolerations: before.tolerations,
    ...changeableOfGated(spec, before),
  } as TemplateSpec;
}

/** Of which nothing here makes anything, but to keep it. */
type GatedSpec = TemplateSpec & { readonly schedulingGates?: readonly { name: string }[] };

/** Who holds a Pod back by a gate says where it may go, and takes the gate away: queues of jobs do. */
function changeableOfGated(spec: GatedSpec, before: GatedSpec): object {
  const { schedulingGates = [], nodeSelector, affinity } = before;
  if (schedulingGates.length === 0) return {};
  const isOld = ({ name }: { name: string }) => schedulingGates.some((gate) => gate.name === name);
  return { nodeSelector, affinity, ...((spec.schedulingGates ?? []).every(isOld) ? { schedulingGates } : {}) };
}

function imageCauses(containers: readonly Container[], before: readonly Container[], path: string): FieldCause[] {
  if (containers.length !== before.length) return [forbiddenField(path, "pod updates may not add or remove containers")];
  return containers.flatMap(({ image }, index) => {
    const at = `${path}[${index}].image`;
    if (!image) return [requiredField(at)];
    return image.trim() === image ? [] : [invalidValue(at, image, "must not have leading or trailing whitespace")];
  });
}

/** It may be set, and shortened. */
function deadlineCauses(seconds: number | undefined, before: number | undefined): FieldCause[] {
  const at = "spec.activeDeadlineSeconds";
  if (seconds === undefined)
    return before === undefined ? [] : [invalidValue(at, null, "must not update from a positive integer to nil value")];
  if (seconds < 0 || seconds > MOST_SECONDS) return [invalidValue(at, seconds, `must be between 0 and ${MOST_SECONDS}, inclusive`)];
  return before !== undefined && before < seconds ? [invalidValue(at, seconds, "must be less than or equal to previous value")] : [];
}

type Tolerations = NonNullable<PodSpec["tolerations"]>;

function tolerationCauses(tolerations: Tolerations, before: Tolerations): FieldCause[] {
  const timeless = ({ key = "", operator = "", value = "", effect = "" }: Tolerations[number]) =>
    JSON.stringify([key, operator, value, effect]);
  const kept = new Set(tolerations.map(timeless));
  if (before.every((old) => kept.has(timeless(old)))) return [];
  return [forbiddenField("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")];
}

/** Paths of the fields in which two values differ, as deep as both are of one shape. */
function differences(now: unknown, before: unknown, path: string): string[] {
  if (sameJson(now, before)) return [];
  if (Array.isArray(now) && Array.isArray(before) && now.length === before.length)
    return now.flatMap((item, index) => differences(item, before[index], `${path}[${index}]`));
  if (!isJsonObject(now) || !isJsonObject(before)) return [path];
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names.flatMap((name) => differences(now[name], before[name], `${path}.${name}`));
}
