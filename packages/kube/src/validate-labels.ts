import { labelValueFaults, qualifiedNameFaults } from "./dns-names.ts";
import type { Labels } from "./label-selector.ts";
import { invalidValue, type FieldCause } from "./status-errors.ts";

/** k8s.io/apimachinery ValidateLabels. */
export function labelsCauses(labels: Labels, at: string): FieldCause[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameFaults(key).map((why) => invalidValue(at, key, why)),
    ...labelValueFaults(value ?? "").map((why) => invalidValue(at, value, why)),
  ]);
}

/** k8s.io/apimachinery ValidateAnnotations, of the keys: other than labels' they may have capitals in front. */
export function annotationKeysCauses(annotations: Labels, at: string): FieldCause[] {
  return Object.keys(annotations).flatMap((key) => qualifiedNameFaults(key.toLowerCase()).map((why) => invalidValue(at, key, why)));
}
