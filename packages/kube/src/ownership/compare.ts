import type { Json, JsonObject } from "../patch.ts";
import { sameJson } from "../same-json.ts";
import type { Schema } from "../schema.ts";
import { fieldNode, NO_FIELDS, type FieldSet } from "./field-set.ts";
import { fieldSchema, granularityOf, indexItems } from "./shape.ts";

/** What differs between two objects; each path is in one set at most. */
export interface Comparison {
  added: FieldSet;
  modified: FieldSet;
  removed: FieldSet;
}

/** What has been found below one node; most nodes have nothing of two of the three. Each write is compared, so nothing is made that is not kept. */
type Found = { [K in keyof Comparison]?: Record<string, FieldSet> };

/** As structured-merge-diff's Compare: an added struct or map is in the set beside all that is in it. */
export function compareObjects(schema: Schema, before: JsonObject, after: JsonObject): Comparison {
  const { added = NO_FIELDS, modified = NO_FIELDS, removed = NO_FIELDS } = compareFields(schema, before, after);
  return { added, modified, removed };
}

/** Notes in `found` what of one element differs. */
function compare(found: Found, element: string, schema: Schema | undefined, [before, after]: Pair): void {
  if (before === after || (before !== undefined && after !== undefined && sameJson(before, after))) return;
  const shape = granularityOf(schema, after ?? before);
  const here = after === undefined ? "removed" : before === undefined ? "added" : undefined;
  if (here === undefined && (granularityOf(schema, before) !== shape || after === null))
    return compareShapes(found, element, schema, [before, after]);
  if (shape === "leaf") return note(found, here ?? "modified", element, NO_FIELDS);
  const below = compareContent(schema, [before, after]);
  for (const name of ["added", "modified", "removed"] as const) {
    const node = below[name] || here === name ? fieldNode(here === name, below[name] ?? {}) : undefined;
    if (node) note(found, name, element, node);
  }
}

/**
 * Of what has another shape than before: what was in it goes, and what is in it now is new. It is itself modified, unless a null, which has any
 * shape, has become something with content or the other way round.
 */
function compareShapes(found: Found, element: string, schema: Schema | undefined, [before, after]: Pair): void {
  const gone = compareContent(schema, [before, undefined]).removed;
  const come = compareContent(schema, [undefined, after]).added;
  if (gone) note(found, "removed", element, gone);
  if (come) note(found, "added", element, come);
  if (!(before === null && come) && !(after === null && gone)) note(found, "modified", element, NO_FIELDS);
}

/** Of two values of the same shape, or one and nothing. */
function compareContent(schema: Schema | undefined, [before, after]: Pair): Found {
  const shape = granularityOf(schema, after ?? before);
  if (shape === "leaf") return {};
  return shape === "fields" ? compareFields(schema, before, after) : compareItems(schema, before, after);
}

type Pair = readonly [before: Json | undefined, after: Json | undefined];

function note(found: Found, name: keyof Comparison, element: string, node: FieldSet): void {
  (found[name] ??= {})[element] = node;
}

function compareFields(schema: Schema | undefined, before: Json = {}, after: Json = {}): Found {
  const [from, to] = [before as JsonObject, after as JsonObject];
  const found: Found = {};
  for (const key of Object.keys(from)) compare(found, `f:${key}`, fieldSchema(schema, key), [from[key], own(to, key)]);
  for (const key of Object.keys(to))
    if (!Object.hasOwn(from, key)) compare(found, `f:${key}`, fieldSchema(schema, key), [undefined, to[key]]);
  return found;
}

function compareItems(schema: Schema | undefined, before: Json = [], after: Json = []): Found {
  const from = indexItems(schema, before as Json[]);
  const to = indexItems(schema, after as Json[]);
  const found: Found = {};
  for (const element of new Set([...from.keys(), ...to.keys()])) compareSame(found, element, schema, [from.get(element), to.get(element)]);
  return found;
}

/** Of the items of one element: one on each side, unless there are duplicates, which are owned together. */
function compareSame(
  found: Found,
  element: string,
  schema: Schema | undefined,
  [before, after]: readonly [Json[] | undefined, Json[] | undefined],
): void {
  const single = (before?.length ?? 1) === 1 && (after?.length ?? 1) === 1;
  if (single) compare(found, element, schema?.items, [before?.[0], after?.[0]]);
  else compare(found, element, undefined, [before, after]);
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
