import { ALL_KINDS } from "./kinds/all-kinds.ts";
import { apiVersionOf } from "./kinds/kind.ts";
import type { KubeObject } from "./meta.ts";
import { fieldSchema } from "./ownership/shape.ts";
import { isJsonObject, type Json, type JsonObject } from "./patch.ts";
import { storedQuantity } from "./quantity.ts";
import { quantity, type Schema } from "./schema.ts";
import { schemaOf } from "./schemas.ts";

/**
 * What was read from a store in the form in which it would be stored now, so that all that looks at it, or compares it with what a client sends, need know no
 * other; as Kubernetes does by reading what etcd has into structs. An older Ebb took owners that were null, and kept quantities as they were written.
 * `object` must be the caller's own: it is changed.
 */
export function asStoredNow(object: KubeObject): KubeObject {
  const schema = builtInSchemas().get(`${object.apiVersion}/${object.kind}`);
  if (schema) rewriteQuantities(schema, object as unknown as Json);
  dropNullOwners(object);
  return object;
}

function dropNullOwners({ metadata }: KubeObject): void {
  const owners = metadata.ownerReferences?.filter((owner) => owner !== null);
  if (owners?.length === metadata.ownerReferences?.length) return;
  if (owners && owners.length > 0) metadata.ownerReferences = owners;
  else delete metadata.ownerReferences;
}

let made: ReadonlyMap<string, Schema> | undefined;

/** Of the kinds that have quantities, by API version and kind; somebody may have defined another of such a name in a group of their own. */
function builtInSchemas(): ReadonlyMap<string, Schema> {
  return (made ??= new Map(
    ALL_KINDS.filter(({ builtIn }) => builtIn)
      .map((kind) => [`${apiVersionOf(kind)}/${kind.kind}`, schemaOf(kind)] as const)
      .filter(([, schema]) => hasQuantities(schema)),
  ));
}

/** Goes where quantities can be and nowhere else: all objects come through here at a start. */
function rewriteQuantities(schema: Schema, value: Json): void {
  if (!isJsonObject(value) && !Array.isArray(value)) return;
  const parent = value as JsonObject;
  for (const key of Object.keys(parent)) {
    const below = Array.isArray(value) ? schema.items : fieldSchema(schema, key);
    if (below === quantity) parent[key] = storedQuantity(parent[key] ?? null);
    else if (below && hasQuantities(below)) rewriteQuantities(below, parent[key] ?? null);
  }
}

const known = new WeakMap<Schema, boolean>();

function hasQuantities(schema: Schema): boolean {
  const found = known.get(schema);
  if (found !== undefined) return found;
  const parts = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  const has = schema === quantity || parts.some((part) => part !== undefined && hasQuantities(part));
  known.set(schema, has);
  return has;
}
