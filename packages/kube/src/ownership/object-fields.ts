import { isJsonObject, type Json, type JsonObject } from "../patch.ts";
import type { Schema } from "../schema.ts";
import { childOf, childrenOf, fieldNode, isMember, NO_FIELDS, type FieldSet } from "./field-set.ts";
import { elementSchema, fieldSchema, granularityOf, indexItems, isNamedField, itemElement } from "./shape.ts";

/** The fields that an applied configuration claims: its leaves, its list items, its map keys, its empty objects. */
export function fieldsOf(schema: Schema | undefined, value: JsonObject): FieldSet {
  return childrenOfValue(schema, value);
}

function childrenOfValue(schema: Schema | undefined, value: Json): Record<string, FieldSet> {
  const children: Record<string, FieldSet> = {};
  const shape = granularityOf(schema, value);
  if (shape === "fields") {
    for (const [key, item] of Object.entries(value as JsonObject)) {
      const node = fieldOf(schema, key, item);
      if (node) children[`f:${key}`] = node;
    }
  } else if (shape === "items") {
    for (const [element, same] of indexItems(schema, value as Json[])) {
      // An item is always claimed itself, so that it goes when its manager applies it no more.
      const [item = null] = same;
      children[element] = (same.length === 1 ? fieldNode(true, childrenOfValue(schema?.items, item)) : undefined) ?? NO_FIELDS;
    }
  }
  return children;
}

function fieldOf(schema: Schema | undefined, key: string, item: Json): FieldSet | undefined {
  const below = fieldSchema(schema, key);
  const isLeaf = granularityOf(below, item) === "leaf";
  const isEmpty = isJsonObject(item) && Object.keys(item).length === 0;
  return fieldNode(isLeaf || isEmpty || !isNamedField(schema, key), childrenOfValue(below, item));
}

/** The set with every struct field that leads to one of its paths: what is needed to take a struct out with the last of its fields. */
export function withNamedFields(schema: Schema | undefined, set: FieldSet): FieldSet {
  const children: Record<string, FieldSet> = {};
  for (const [element, node] of childrenOf(set)) {
    const member = isMember(node) || (element.startsWith("f:") && isNamedField(schema, element.slice(2)));
    const completed = fieldNode(member, withNamedFields(elementSchema(schema, element), node));
    if (completed) children[element] = completed;
  }
  return children;
}

/** The object without the fields and items of the set. What that empties is null. */
export function withoutFields(schema: Schema | undefined, value: JsonObject, set: FieldSet): JsonObject {
  return (remove(schema, value, set) ?? {}) as JsonObject;
}

/** Null when nothing is left of a list or an object, which is as if it were not there: decoding drops it, and ownership tells them apart. */
function remove(schema: Schema | undefined, value: Json, set: FieldSet): Json {
  const shape = granularityOf(schema, value);
  if (shape === "leaf") return value;
  const keep = (element: string, item: Json): Json | undefined => {
    const node = childOf(set, element);
    if (node === undefined) return item;
    return isMember(node) ? undefined : remove(elementSchema(schema, element), item, node);
  };
  if (shape === "items") {
    const items = (value as Json[]).map((item) => keep(itemElement(schema, item), item)).filter((item) => item !== undefined);
    return items.length > 0 ? items : null;
  }
  const fields = Object.entries(value as JsonObject).map(([key, item]) => [key, keep(`f:${key}`, item)] as const);
  const left = fields.filter(([, item]) => item !== undefined);
  return left.length > 0 ? (Object.fromEntries(left) as JsonObject) : null;
}
