import { isDeepStrictEqual } from "node:util";
import type { Json, JsonObject } from "../patch.ts";
import type { Schema } from "../schema.ts";
import { fieldNode, NO_FIELDS, type FieldSet } from "./field-set.ts";
import { fieldSchema, granularityOf, indexItems } from "./shape.ts";

/** What differs between two objects; each path is in one set at most. */
export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

type Nodes = { [K in keyof Comparison]?: FieldSet | undefined };
const SAME: Nodes = {};

/** As structured-merge-diff's Compare: an added struct or map is in the set beside all that is in it. */
export function compareObjects(schema: Schema, before: JsonObject, after: JsonObject): Comparison {
  const children = collect(keysOf(before, after), (key) => [
    `f:${key}`,
    compare(fieldSchema(schema, key), own(before, key), own(after, key)),
  ]);
  return { added: children.added, modified: children.modified, removed: children.removed };
}

function compare(schema: Schema | undefined, before: Json | undefined, after: Json | undefined): Nodes {
  if (before === after || (before !== undefined && after !== undefined && isDeepStrictEqual(before, after))) return SAME;
  const shape = granularityOf(schema, after ?? before);
  const comparable = shape !== "leaf" && (before === undefined || after === undefined || granularityOf(schema, before) === shape);
  const here = after === undefined ? "removed" : before === undefined ? "added" : undefined;
  if (!comparable) return { [here ?? "modified"]: NO_FIELDS };
  const below = shape === "fields" ? compareFields(schema, before, after) : compareItems(schema, before, after);
  return {
    added: fieldNode(here === "added", below.added),
    modified: fieldNode(false, below.modified),
    removed: fieldNode(here === "removed", below.removed),
  };
}

function compareFields(schema: Schema | undefined, before: Json = {}, after: Json = {}) {
  const [from, to] = [before as JsonObject, after as JsonObject];
  return collect(keysOf(from, to), (key) => [`f:${key}`, compare(fieldSchema(schema, key), own(from, key), own(to, key))]);
}

function compareItems(schema: Schema | undefined, before: Json = [], after: Json = []) {
  const from = indexItems(schema, before as Json[]);
  const to = indexItems(schema, after as Json[]);
  return collect([...new Set([...from.keys(), ...to.keys()])], (element) => [
    element,
    compareSame(schema, from.get(element), to.get(element)),
  ]);
}

/** Of the items of one element: one on each side, unless there are duplicates, which are owned together. */
function compareSame(schema: Schema | undefined, before: Json[] | undefined, after: Json[] | undefined): Nodes {
  const single = (before?.length ?? 1) === 1 && (after?.length ?? 1) === 1;
  return single ? compare(schema?.items, before?.[0], after?.[0]) : compare(undefined, before, after);
}

function collect(keys: readonly string[], visit: (key: string) => [string, Nodes]) {
  const result: Record<keyof Comparison, Record<string, FieldSet>> = { added: {}, modified: {}, removed: {} };
  for (const key of keys) {
    const [element, nodes] = visit(key);
    for (const name of ["added", "modified", "removed"] as const) {
      const node = nodes[name];
      if (node) result[name][element] = node;
    }
  }
  return result;
}

/** Of both, once. */
function keysOf(before: JsonObject, after: JsonObject): string[] {
  const keys = Object.keys(before);
  if (keys.length === 0) return Object.keys(after);
  for (const key of Object.keys(after)) if (!Object.hasOwn(before, key)) keys.push(key);
  return keys;
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
