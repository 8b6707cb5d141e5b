import { isDeepStrictEqual } from "node:util";
import { Optional } from "@marcbachmann/cel-js";
import { isJsonObject, type Json, type JsonObject } from "../patch.ts";
import type { Schema, ValidationRule } from "../schema.ts";
import { duplicateValue, forbiddenField, invalidValue, requiredField, type FieldCause } from "../status-errors.ts";
import { bounded, BudgetError } from "./bounded.ts";
import { compile, firstLine, type Program } from "./compile.ts";
import { celValue } from "./values.ts";

/** For all rules of one object, milliseconds: the server does nothing else meanwhile. Rules that people write take well under one. */
const BUDGET = 200;
export const RULE_VARIABLES = ["self", "oldSelf"];

interface Compiled {
  rule: Program;
  /** Speaks of a change: asked only where there was a value before. */
  transition: boolean;
  message?: Program;
}
const compiledRules = new WeakMap<ValidationRule, Compiled>();
const ruled = new WeakMap<Schema, boolean>();

/** Whether any rule is in the schema; cheap for those without, as it is looked at once. */
export function hasRules(schema: Schema): boolean {
  const known = ruled.get(schema);
  if (known !== undefined) return known;
  const { properties = {}, items, additionalProperties } = schema;
  const inner = [
    ...Object.values(properties),
    ...(items ? [items] : []),
    ...(typeof additionalProperties === "object" ? [additionalProperties] : []),
  ];
  const found = (schema["x-kubernetes-validations"] ?? []).length > 0 || inner.some(hasRules);
  ruled.set(schema, found);
  return found;
}

/**
 * Which of the rules (`x-kubernetes-validations`) of a schema a value breaks, in the words of k8s.io/apiextensions-apiserver
 * pkg/apiserver/schema/cel. What has not changed is not judged again, so that an object from before a rule can still be written. The value must
 * fit its schema.
 */
export function ruleCauses(schema: Schema, value: Json, old: Json | undefined): FieldCause[] {
  if (!hasRules(schema)) return [];
  const causes: FieldCause[] = [];
  try {
    bounded(BUDGET, () => visit({ schema, value, old, path: "" }, causes));
  } catch (error) {
    if (!(error instanceof BudgetError)) throw error;
    causes.push(invalidValue("", typeOf(schema), error.message));
  }
  return causes;
}

interface Place {
  schema: Schema;
  value: Json;
  /** The same place before, where it can be told. */
  old: Json | undefined;
  path: string;
}

function visit(place: Place, causes: FieldCause[]): void {
  const { schema, value, old, path } = place;
  if (value === null || !hasRules(schema)) return;
  causes.push(...ownCauses(place));
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items)
      for (const [index, item] of value.entries())
        visit({ schema: items, value: item, old: counterpart(schema, item, old), path: `${path}[${index}]` }, causes);
    return;
  }
  if (!isJsonObject(value)) return;
  const before = isJsonObject(old) ? old : {};
  for (const [key, item] of Object.entries(value)) {
    const known = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    const property = known ?? schema.additionalProperties;
    if (property) visit({ schema: property, value: item, old: before[key], path: known ? at(key) : `${path}[${key}]` }, causes);
  }
}

/** The item of a list by keys that was the same before; items of other lists have no identity. */
function counterpart(schema: Schema, item: Json, old: Json | undefined): Json | undefined {
  if (schema["x-kubernetes-list-type"] !== "map" || !Array.isArray(old) || !isJsonObject(item)) return undefined;
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  return old.find((each) => isJsonObject(each) && keys.every((key) => isDeepStrictEqual(each[key], item[key])));
}

function ownCauses({ schema, value, old, path }: Place): FieldCause[] {
  const rules = schema["x-kubernetes-validations"] ?? [];
  if (rules.length === 0) return [];
  const shown = schema.properties?.["metadata"] && path === "" ? withShortMetadata(value) : value;
  const self = celValue(shown, schema);
  const same = old !== undefined && isDeepStrictEqual(old, value);
  return rules.flatMap((rule) => {
    const { transition } = compiledRule(rule);
    if (transition ? old === undefined && !rule.optionalOldSelf : same) return [];
    const before = old === undefined ? undefined : celValue(old, schema);
    const oldSelf = rule.optionalOldSelf ? (before === undefined ? Optional.none() : Optional.of(before)) : (before ?? null);
    return causeOf(rule, { self, oldSelf, path, type: typeOf(schema) });
  });
}

/** Of an object's metadata rules see the names alone. */
function withShortMetadata(value: Json): Json {
  if (!isJsonObject(value) || !isJsonObject(value["metadata"])) return value;
  const { name, generateName } = value["metadata"];
  const metadata: JsonObject = { ...(name === undefined ? {} : { name }), ...(generateName === undefined ? {} : { generateName }) };
  return { ...value, metadata };
}

function causeOf(
  rule: ValidationRule,
  { self, oldSelf, path, type }: { self: unknown; oldSelf: unknown; path: string; type: string },
): FieldCause[] {
  const { rule: program, message } = compiledRule(rule);
  const text = rule.message?.trim() || `failed rule: ${rule.rule.trim()}`;
  const field = fieldOf(path, rule.fieldPath);
  try {
    const outcome = program.run({ self, oldSelf });
    if (outcome === true) return [];
    if (outcome !== false)
      return [invalidValue(field, type, `the rule must be true or false, and is ${typeof outcome} evaluating rule: ${text}`)];
  } catch (error) {
    return [invalidValue(field, type, `${firstLine(error)} evaluating rule: ${text}`)];
  }
  return [refusal(rule, { field, type, why: said(message, { self, oldSelf }) ?? text })];
}

/** What `messageExpression` says, unless it fails, or says nothing or more than a line. */
function said(message: Program | undefined, variables: { self: unknown; oldSelf: unknown }): string | undefined {
  if (!message) return undefined;
  try {
    const text = message.run(variables);
    return typeof text === "string" && text.trim() !== "" && !text.includes("\n") && text.length <= 5120 ? text.trim() : undefined;
  } catch {
    return undefined;
  }
}

function refusal({ reason }: ValidationRule, { field, type, why }: { field: string; type: string; why: string }): FieldCause {
  if (reason === "FieldValueForbidden") return forbiddenField(field, why);
  if (reason === "FieldValueRequired") return requiredField(field, why);
  if (reason === "FieldValueDuplicate") return duplicateValue(field, type);
  return invalidValue(field, type, why);
}

/** `.a.b` below `spec` is `spec.a.b`. */
function fieldOf(path: string, fieldPath = ""): string {
  const below = fieldPath.replace(/^\./, "");
  if (path === "") return below;
  return below === "" ? path : `${path}${below.startsWith("[") ? "" : "."}${below}`;
}

function typeOf(schema: Schema): string {
  return schema.type ?? "";
}

function compiledRule(rule: ValidationRule): Compiled {
  const known = compiledRules.get(rule);
  if (known) return known;
  const program = compile(rule.rule, RULE_VARIABLES);
  const made: Compiled = {
    rule: program,
    transition: program.mentions.has("oldSelf"),
    ...(rule.messageExpression ? { message: compile(rule.messageExpression, RULE_VARIABLES) } : {}),
  };
  compiledRules.set(rule, made);
  return made;
}
