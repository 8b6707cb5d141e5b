import { sameJson } from "./same-json.ts";
import { invalidValue, type FieldCause } from "./status-errors.ts";

export const IMMUTABLE = "field is immutable";

/** k8s.io/apimachinery ValidateImmutableField. An object is left out: upstream prints all of it as a Go struct, which nobody reads. */
export function sameValue(value: unknown, old: unknown, at: string): FieldCause[] {
  if (sameJson(value, old)) return [];
  return [invalidValue(at, typeof value === "object" ? "..." : value, IMMUTABLE)];
}
