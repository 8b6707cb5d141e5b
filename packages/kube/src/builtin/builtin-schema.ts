import { anyObject, bool, integer, list, quantity, text, type Schema } from "../schema.ts";
import { isEmbedded, messageOf } from "./messages.ts";
import { ATOMIC_FIELDS, ATOMIC_MESSAGES, DEFAULT_KEYS, GRANULAR_FIELDS, LIST_TYPES, RETAINING_FIELDS } from "./merge-markers.ts";

/** Types of apimachinery that are something else in JSON than in protobuf. */
const SPECIAL: Readonly<Record<string, Schema>> = {
  "meta.v1.Time": { type: "string", format: "date-time" },
  "meta.v1.MicroTime": { type: "string", format: "date-time" },
  "meta.v1.Duration": text,
  "meta.v1.FieldsV1": anyObject,
  "pkg.runtime.RawExtension": anyObject,
  "util.intstr.IntOrString": { "x-kubernetes-int-or-string": true },
  "api.resource.Quantity": quantity,
  "authentication.v1.ExtraValue": list(text),
  "authorization.v1.ExtraValue": list(text),
  "certificates.v1.ExtraValue": list(text),
};
const SCALARS: Readonly<Record<string, Schema>> = {
  string: text,
  bool,
  bytes: { type: "string", format: "byte" },
  int32: { type: "integer", format: "int32" },
  int64: integer,
};
/** Kinds that are in others with their apiVersion and kind, which protobuf does not have: a StatefulSet's claims. */
const WHOLE: ReadonlySet<string> = new Set(["core.v1.PersistentVolumeClaim"]);
const made = new Map<string, Schema>();
const names = new WeakMap<Schema, string>();

/** The structural schema of a message, with how its lists are merged; made when it is first asked for. */
export function builtinSchema(name: string): Schema {
  const special = SPECIAL[name] ?? SCALARS[name];
  if (special) return special;
  const found = made.get(name);
  if (found) return found;
  const properties = propertiesOf(name);
  const schema: Schema = { type: "object", properties: WHOLE.has(name) ? { apiVersion: text, kind: text, ...properties } : properties };
  if (ATOMIC_MESSAGES.has(name)) schema["x-kubernetes-map-type"] = "atomic";
  made.set(name, schema);
  names.set(schema, name);
  return schema;
}

/** The message that a schema of this file is of, `core.v1.PodSpec`; undefined for one that is of none. */
export function messageOfSchema(schema: Schema): string | undefined {
  return names.get(schema);
}

function propertiesOf(name: string): Record<string, Schema> {
  const properties: Record<string, Schema> = {};
  for (const [key, { type, repeated }] of messageOf(name) ?? []) {
    if (isEmbedded(key, type)) Object.assign(properties, propertiesOf(type));
    else if (repeated === "list") properties[key] = { type: "array", items: builtinSchema(type), ...LIST_TYPES[`${shortOf(name)}.${key}`] };
    else if (repeated === "map") {
      const atomic = ATOMIC_FIELDS.has(`${shortOf(name)}.${key}`);
      properties[key] = {
        type: "object",
        additionalProperties: builtinSchema(type),
        ...(atomic ? { "x-kubernetes-map-type": "atomic" as const } : {}),
      };
    } else {
      properties[key] = markedSchema(`${shortOf(name)}.${key}`, builtinSchema(type));
    }
  }
  return properties;
}

/** The schema of a field, with what is said of it alone. */
function markedSchema(field: string, schema: Schema): Schema {
  const value = DEFAULT_KEYS[field];
  if (value !== undefined) return { ...schema, default: value };
  if (RETAINING_FIELDS.has(field)) return { ...schema, "x-kubernetes-patch-strategy": "retainKeys" };
  return GRANULAR_FIELDS.has(field) ? { ...schema, "x-kubernetes-map-type": "granular" } : schema;
}

function shortOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
