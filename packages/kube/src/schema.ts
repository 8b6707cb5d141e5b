import type { FieldCause } from "./status-errors.ts";
import { invalidValue, requiredField } from "./status-errors.ts";
import { isJsonObject, type Json, type JsonObject } from "./patch.ts";
import { fieldSchema } from "./ownership/shape.ts";
import { storedQuantity } from "./quantity.ts";

/** A rule in CEL about a value and, as `oldSelf`, the one before; apiextensions.k8s.io/v1 ValidationRule. */
export interface ValidationRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

/** A structural schema: the part of OpenAPI v3 that custom resource definitions use. Served as it is at /openapi/v3. */
export interface Schema {
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  format?: string;
  description?: string;
  properties?: Readonly<Record<string, Schema>>;
  additionalProperties?: Schema;
  items?: Schema;
  required?: readonly string[];
  default?: Json;
  nullable?: boolean;
  /** Constraints on values: checked of kinds that users define (custom/constraints.ts). */
  enum?: readonly Json[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  allOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  not?: Schema;
  "x-kubernetes-embedded-resource"?: true;
  "x-kubernetes-validations"?: readonly ValidationRule[];
  "x-kubernetes-preserve-unknown-fields"?: true;
  "x-kubernetes-int-or-string"?: true;
  /** How server-side apply owns a list: as a whole (also when absent), item by item, or by the keys of its items. */
  "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  "x-kubernetes-list-map-keys"?: readonly string[];
  "x-kubernetes-map-type"?: "atomic" | "granular";
  /** What a strategic merge patch matches a list's items by; built-in kinds only. */
  "x-kubernetes-patch-merge-key"?: string;
  "x-kubernetes-patch-strategy"?: string;
}

export const text: Schema = { type: "string" };
export const bool: Schema = { type: "boolean" };
export const integer: Schema = { type: "integer", format: "int64" };
/** A k8s.io/apimachinery resource.Quantity, as Kubernetes' own kinds have it; a number is taken, too. Stored in its one form. */
export const quantity: Schema = {};
export const intOrString: Schema = { "x-kubernetes-int-or-string": true };
export const anyObject: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
export const textMap: Schema = { type: "object", additionalProperties: text };

export function object(properties: Record<string, Schema>, ...required: string[]): Schema {
  return { type: "object", properties, ...(required.length > 0 ? { required } : {}) };
}

export function list(items: Schema): Schema {
  return { type: "array", items };
}

/** What of an object's metadata is kept. */
export const objectMeta: Schema = object({
  annotations: textMap,
  creationTimestamp: text,
  deletionGracePeriodSeconds: integer,
  deletionTimestamp: text,
  finalizers: { ...list(text), "x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge" },
  generateName: text,
  generation: integer,
  labels: textMap,
  managedFields: list(anyObject),
  name: text,
  namespace: text,
  ownerReferences: {
    ...list({
      ...object(
        { apiVersion: text, blockOwnerDeletion: bool, controller: bool, kind: text, name: text, uid: text },
        "apiVersion",
        "kind",
        "name",
        "uid",
      ),
      "x-kubernetes-map-type": "atomic",
    }),
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["uid"],
    "x-kubernetes-patch-merge-key": "uid",
    "x-kubernetes-patch-strategy": "merge",
  },
  resourceVersion: text,
  selfLink: text,
  uid: text,
});

export interface Structure {
  /** The value without the fields that the schema does not know, and with its defaults. */
  value: Json;
  /** Paths of what was left out. */
  unknown: string[];
  /** Wrong types and missing fields. */
  causes: FieldCause[];
}

/** Prunes, defaults and checks `value` as the API server does with a custom resource. Pure; `path` names the root in messages. */
export function applySchema(schema: Schema, value: Json, path: string): Structure {
  return inspect(schema, value, { path, partial: false });
}

/** The same for a part of an object, as it is applied: nothing is filled in, and nothing needs to be there. */
export function applyPartialSchema(schema: Schema, value: Json): Structure {
  return inspect(schema, value, { path: "", partial: true });
}

interface Findings extends Structure {
  partial: boolean;
}

function inspect(schema: Schema, value: Json, { path, partial }: { path: string; partial: boolean }): Structure {
  const findings: Findings = { value, unknown: [], causes: [], partial };
  const visited = visit(schema, value, path, findings);
  return { value: visited, unknown: findings.unknown, causes: findings.causes };
}

function visit(schema: Schema, value: Json, path: string, found: Findings): Json {
  if (value === null) return value;
  if (schema === quantity) return storedQuantity(value);
  if (schema["x-kubernetes-int-or-string"])
    return check(Number.isInteger(value) || typeof value === "string", "integer,string", value, { path, found });
  if (schema.type === "array") {
    if (!Array.isArray(value)) return check(false, "array", value, { path, found });
    return value.map((item, index) => (schema.items ? visitItem(schema.items, item, `${path}[${index}]`, found) : item));
  }
  if (schema.type === "object") {
    return isJsonObject(value) ? visitObject(schema, value, path, found) : check(false, "object", value, { path, found });
  }
  if (schema.type === undefined) return value;
  const fits = schema.type === "integer" ? Number.isSafeInteger(value) : typeof value === schema.type;
  return check(fits, schema.type, value, { path, found });
}

/** There is nothing that a null in a list of objects could stand for: whoever reads the list looks for their fields. */
function visitItem(schema: Schema, item: Json, path: string, found: Findings): Json {
  const missing = item === null && schema.type === "object" && !schema.nullable;
  return missing ? check(false, "object", item, { path, found }) : visit(schema, item, path, found);
}

function visitObject(schema: Schema, value: JsonObject, path: string, found: Findings): JsonObject {
  const result: JsonObject = {};
  const at = (key: string) => (path === "" ? key : `${path}.${key}`);
  for (const key of Object.keys(value)) {
    const item = value[key] as Json;
    const property = propertyOf(schema, key);
    // Null means absent for a field that is not nullable; who applies one owns the field all the same.
    if (property && (item !== null || property.nullable || found.partial)) result[key] = visit(property, item, at(key), found);
    else if (!property && schema["x-kubernetes-preserve-unknown-fields"]) result[key] = item;
    else if (!property) found.unknown.push(at(key));
  }
  if (found.partial) return result;
  // Without a list of them: each object of each write comes through here, and hardly any field has a default.
  for (const key in schema.properties) {
    const preset = schema.properties[key]?.default;
    if (preset !== undefined && result[key] === undefined) result[key] = structuredClone(preset);
  }
  for (const key of schema.required ?? []) if (result[key] === undefined) found.causes.push(requiredField(at(key)));
  return result;
}

/** What every object has, whatever its schema says of the rest. */
const RESOURCE: Readonly<Record<string, Schema>> = { apiVersion: text, kind: text, metadata: objectMeta };

function propertyOf(schema: Schema, key: string): Schema | undefined {
  if (schema["x-kubernetes-embedded-resource"] && Object.hasOwn(RESOURCE, key)) return RESOURCE[key];
  return fieldSchema(schema, key);
}

function check(holds: boolean, type: string, value: Json, { path, found }: { path: string; found: Findings }): Json {
  if (!holds) {
    const message = `${path} in body must be of type ${type}: ${JSON.stringify(nameOfType(value))}`;
    found.causes.push({ ...invalidValue(path, nameOfType(value), message), reason: "FieldValueTypeInvalid" });
  }
  return value;
}

function nameOfType(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}
