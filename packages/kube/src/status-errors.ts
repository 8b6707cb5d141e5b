import { isDeepStrictEqual } from "node:util";
import type { Kind } from "./kinds/kind.ts";
import { StatusError } from "./status-error.ts";

type Named = Pick<Kind, "group" | "kind" | "plural">;

/** One wrong field, in the words of k8s.io/apimachinery field.Error. */
export interface FieldCause {
  reason:
    | "FieldValueInvalid"
    | "FieldValueRequired"
    | "FieldValueDuplicate"
    | "FieldValueNotFound"
    | "FieldValueForbidden"
    | "FieldValueTypeInvalid"
    | "FieldValueTooLong"
    | "FieldValueTooMany"
    | "FieldValueNotSupported";
  /** Path in dotted form with [index]. */
  field: string;
  message: string;
  /** What is wrong, where the message does not show it all: for whether it is still the same, and for no client. */
  value?: unknown;
}

export function badRequest(message: string): StatusError {
  return new StatusError("BadRequest", message);
}

export function notFound(kind: Named, name: string): StatusError {
  return new StatusError("NotFound", `${resourceOf(kind)} ${JSON.stringify(name)} not found`, detailsOf(kind, name));
}

export function alreadyExists(kind: Named, name: string): StatusError {
  return new StatusError("AlreadyExists", `${resourceOf(kind)} ${JSON.stringify(name)} already exists`, detailsOf(kind, name));
}

const MODIFIED = "the object has been modified; please apply your changes to the latest version and try again";

export function conflict(kind: Named, name: string, why = MODIFIED): StatusError {
  const message = `Operation cannot be fulfilled on ${resourceOf(kind)} ${JSON.stringify(name)}: ${why}`;
  return new StatusError("Conflict", message, detailsOf(kind, name));
}

export function forbidden(kind: Named, name: string, why: string): StatusError {
  return new StatusError("Forbidden", `${resourceOf(kind)} ${JSON.stringify(name)} is forbidden: ${why}`, detailsOf(kind, name));
}

/** 422 with every cause; the message lists them all, as kubectl shows only that. */
export function invalid(kind: Named, name: string, causes: readonly FieldCause[]): StatusError {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const list = texts.length === 1 ? texts.join("") : `[${texts.join(", ")}]`;
  const title = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const told = causes.map(({ reason, field, message }) => ({ reason, message, field }));
  const details = { name, group: kind.group, kind: kind.kind, causes: told };
  return new StatusError("Invalid", `${title} ${JSON.stringify(name)} is invalid: ${list}`, details);
}

/** Throws Invalid if there is a cause to. */
export function refuseInvalid(kind: Named, { metadata }: { metadata: { name: string } }, causes: readonly FieldCause[]): void {
  if (causes.length > 0) throw invalid(kind, metadata.name, causes);
}

/**
 * What an object did not break before: one from before a rule can still be written, as long as it is made no worse (upstream's ratcheting). `before`
 * is asked only where there is something to forgive.
 */
export function newCauses(causes: FieldCause[], before: () => readonly FieldCause[]): FieldCause[] {
  if (causes.length === 0) return causes;
  const known = new Map(before().map((cause) => [`${cause.field}: ${cause.message}`, cause]));
  return causes.filter((cause) => {
    const earlier = known.get(`${cause.field}: ${cause.message}`);
    return earlier === undefined || !isDeepStrictEqual(earlier.value, cause.value);
  });
}

export function invalidValue(field: string, value: unknown, why: string): FieldCause {
  return { reason: "FieldValueInvalid", field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

export function duplicateValue(field: string, value: unknown): FieldCause {
  return { reason: "FieldValueDuplicate", field, message: `Duplicate value: ${JSON.stringify(value)}` };
}

export function forbiddenField(field: string, why: string): FieldCause {
  return { reason: "FieldValueForbidden", field, message: `Forbidden: ${why}` };
}

export function requiredField(field: string, why?: string): FieldCause {
  return { reason: "FieldValueRequired", field, message: why ? `Required value: ${why}` : "Required value" };
}

/** Of a text or of data; in bytes, as upstream counts. */
export function tooLong(field: string, most: number, value?: unknown): FieldCause {
  return { reason: "FieldValueTooLong", field, message: `Too long: may not be more than ${most} bytes`, value };
}

export function tooMany(field: string, count: number, most: number, value?: unknown): FieldCause {
  return { reason: "FieldValueTooMany", field, message: `Too many: ${count}: must have at most ${most} items`, value };
}

/** `services.serving.knative.dev`; core kinds have no group to add. */
function resourceOf(kind: Named): string {
  return kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
}

function detailsOf(kind: Named, name: string) {
  return { name, kind: kind.plural, ...(kind.group === "" ? {} : { group: kind.group }) };
}

export function unsupportedValue(field: string, value: unknown, supported: readonly string[]): FieldCause {
  const list = supported.map((text) => JSON.stringify(text)).join(", ");
  return { reason: "FieldValueNotSupported", field, message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}` };
}

export function oneOf(value: string | undefined, supported: readonly string[], at: string): FieldCause[] {
  return value !== undefined && supported.includes(value) ? [] : [unsupportedValue(at, value ?? "", supported)];
}
