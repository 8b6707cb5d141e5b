import { invalidValue, type FieldCause } from "./status-errors.ts";

export const AT_LEAST_ZERO = "must be greater than or equal to 0";
const PORT_RANGE = "must be between 1 and 65535, inclusive";
const PERCENT = "[0-9]+%";

/** k8s.io/kubernetes ValidateNonnegativeField; nothing for what is not set. */
export function nonNegative(value: number | undefined, at: string): FieldCause[] {
  return value !== undefined && value < 0 ? [invalidValue(at, value, AT_LEAST_ZERO)] : [];
}

/** Of several numbers of one object, by their names. */
export function nonNegatives<T extends object>(object: T, names: readonly (keyof T & string)[], at: string): FieldCause[] {
  return names.flatMap((name) => nonNegative(object[name] as number | undefined, `${at}.${name}`));
}

/** A number that is not negative, or a percentage of at most 100. */
export function numberOrPercent(value: number | string | undefined, at: string): FieldCause[] {
  if (typeof value === "number" || value === undefined) return nonNegative(value, at);
  if (!new RegExp(`^${PERCENT}$`).test(value)) {
    const why = `a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '${PERCENT}')`;
    return [invalidValue(at, value, why)];
  }
  return Number.parseInt(value, 10) > 100 ? [invalidValue(at, value, "must not be greater than 100%")] : [];
}

export function portNumber(port: number, at: string): FieldCause[] {
  return port >= 1 && port <= 65_535 ? [] : [invalidValue(at, port, PORT_RANGE)];
}
