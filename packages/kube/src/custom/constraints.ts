import { RE2JS } from "re2js";
import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json } from "../patch.ts";
import type { Schema } from "../schema.ts";
import { invalidValue, tooLong, tooMany, type FieldCause } from "../status-errors.ts";

/**
 * What of a value breaks the constraints of its schema, in the words of k8s.io/kube-openapi's validation. Types, required and unknown
 * fields are applySchema's. Patterns are RE2's, whose time grows with the text alone.
 */
export function constraintCauses(schema: Schema, value: Json, path = ""): FieldCause[] {
  if (value === null) return [];
  const own = [...scalarCauses(schema, value, path), ...sizeCauses(schema, value, path), ...logicCauses(schema, value, path)];
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? [...own, ...value.flatMap((item, index) => constraintCauses(items, item, `${path}[${index}]`))] : own;
  }
  if (!isJsonObject(value)) return own;
  const inner = Object.entries(value).flatMap(([key, item]) => {
    const property = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : schema.additionalProperties;
    return property ? constraintCauses(property, item, at(key)) : [];
  });
  return [...own, ...inner];
}

const patterns = new Map<string, RE2JS>();
/** There are as many as definitions have, but a definition may come and go. */
const MOST_PATTERNS = 1000;

function compiled(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known) return known;
  if (patterns.size >= MOST_PATTERNS) patterns.clear();
  const made = RE2JS.compile(pattern);
  patterns.set(pattern, made);
  return made;
}

function scalarCauses(schema: Schema, value: Json, path: string): FieldCause[] {
  const { enum: choices, minimum, maximum, multipleOf, pattern } = schema;
  const causes: FieldCause[] = [];
  const refuse = (why: string) => causes.push(invalidValue(path, value, `${path} in body ${why}`));
  if (choices && !choices.some((choice) => isDeepStrictEqual(choice, value))) {
    const supported = choices.map((choice) => JSON.stringify(choice)).join(", ");
    const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`;
    causes.push({ reason: "FieldValueNotSupported", field: path, message });
  }
  if (typeof value === "number") {
    if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum))
      refuse(`should be greater than ${schema.exclusiveMinimum ? "" : "or equal to "}${minimum}`);
    if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum))
      refuse(`should be less than ${schema.exclusiveMaximum ? "" : "or equal to "}${maximum}`);
    if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) refuse(`should be a multiple of ${multipleOf}`);
  }
  if (typeof value === "string" && pattern !== undefined && !compiled(pattern).matcher(value).find()) refuse(`should match '${pattern}'`);
  return causes;
}

function sizeCauses(schema: Schema, value: Json, path: string): FieldCause[] {
  const causes: FieldCause[] = [];
  const refuse = (why: string) => causes.push(invalidValue(path, value, `${path} in body ${why}`));
  if (typeof value === "string") {
    const length = Array.from(value).length;
    if (schema.minLength !== undefined && length < schema.minLength) refuse(`should be at least ${schema.minLength} chars long`);
    if (schema.maxLength !== undefined && length > schema.maxLength) causes.push(tooLong(path, schema.maxLength, value));
  } else if (Array.isArray(value)) {
    if (schema.minItems !== undefined && value.length < schema.minItems) refuse(`should have at least ${schema.minItems} items`);
    if (schema.maxItems !== undefined && value.length > schema.maxItems) causes.push(tooMany(path, value.length, schema.maxItems, value));
    const twice = schema.uniqueItems || schema["x-kubernetes-list-type"] === "set" ? firstDuplicate(value) : -1;
    if (twice >= 0)
      causes.push({ reason: "FieldValueInvalid", field: `${path}[${twice}]`, message: `Duplicate value: ${JSON.stringify(value[twice])}` });
  } else if (isJsonObject(value)) {
    const size = Object.keys(value).length;
    if (schema.minProperties !== undefined && size < schema.minProperties)
      refuse(`should have at least ${schema.minProperties} properties`);
    if (schema.maxProperties !== undefined && size > schema.maxProperties) causes.push(tooMany(path, size, schema.maxProperties, value));
  }
  return causes;
}

function firstDuplicate(items: readonly Json[]): number {
  const seen = new Set<string>();
  return items.findIndex((item) => seen.size === seen.add(JSON.stringify(item)).size);
}

function logicCauses({ allOf = [], anyOf, oneOf, not }: Schema, value: Json, path: string): FieldCause[] {
  const fits = (schema: Schema) => requiredFits(schema, value) && constraintCauses(schema, value, path).length === 0;
  const causes = allOf.flatMap((schema) => constraintCauses(schema, value, path));
  const refuse = (which: string) => causes.push(invalidValue(path, value, `${path || "<nil>"} in body must validate ${which}`));
  if (anyOf && !anyOf.some(fits)) refuse("at least one schema (anyOf)");
  if (oneOf && oneOf.filter(fits).length !== 1) refuse("one and only one schema (oneOf)");
  if (not && fits(not)) refuse("not the schema (not)");
  return causes;
}

/** Within `anyOf` and its kin, `required` is a condition like the others. */
function requiredFits({ required = [], properties = {} }: Schema, value: Json): boolean {
  if (!isJsonObject(value)) return true;
  if (required.some((key) => value[key] === undefined)) return false;
  return Object.entries(properties).every(([key, schema]) => value[key] === undefined || requiredFits(schema, value[key] ?? null));
}
