import { duplicateValue, type FieldCause } from "../status-errors.ts";

/** A cause for each value that has been there before. */
export function duplicates(values: readonly string[], at: (index: number) => string): FieldCause[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [duplicateValue(at(index), value)] : []));
}
