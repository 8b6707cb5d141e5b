import { fieldSchema } from "./ownership/shape.ts";
import { isJsonObject, type Json, type JsonObject } from "./patch.ts";
import type { Schema } from "./schema.ts";
import { badRequest } from "./status-errors.ts";
import { mergeInOrder } from "./strategic-merge-order.ts";

const DIRECTIVE = "$patch";
const RETAIN_KEYS = "$retainKeys";
const DELETE_FROM = "$deleteFromPrimitiveList/";
const SET_ORDER = "$setElementOrder/";

/**
 * Kubernetes' strategic merge patch for built-in kinds, by k8s.io/apimachinery strategicpatch: which lists are merged and by which key is in
 * the kind's schema (`x-kubernetes-patch-strategy`, `x-kubernetes-patch-merge-key`); all others are replaced. Understands `$patch` (`replace`,
 * `delete`), `$retainKeys`, `$deleteFromPrimitiveList/…` and `$setElementOrder/…`. Neither argument is changed. Throws BadRequest.
 */
export function strategicMergePatch(target: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  return mergeObjects(schema, target, patch);
}

function mergeObjects(schema: Schema | undefined, original: JsonObject, patch: JsonObject): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  if (directive !== undefined) throw badRequest(`unknown patch type: ${JSON.stringify(directive)}`);
  const result = retained(original, patch);
  for (const key of Object.keys(patch)) if (key.startsWith(SET_ORDER)) setOrder(schema, result, patch, key.slice(SET_ORDER.length));
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) deleteFrom(result, key.slice(DELETE_FROM.length), value);
    if (key.startsWith("$") || Object.hasOwn(patch, `${SET_ORDER}${key}`)) continue;
    if (value === null) delete result[key];
    else result[key] = mergeValue(fieldSchema(schema, key), Object.hasOwn(result, key) ? result[key] : undefined, value);
  }
  return result;
}

/** The original, of which `$retainKeys` keeps no more than it names. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[RETAIN_KEYS];
  if (keys === undefined) return { ...original };
  const stray = Object.entries(patch).some(([key, value]) => value !== null && !key.startsWith("$") && !(keys as Json[]).includes(key));
  if (!Array.isArray(keys) || stray) throw badRequest("invalid patch format of retainKeys");
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)));
}

function mergeValue(schema: Schema | undefined, current: Json | undefined, value: Json): Json {
  if (isJsonObject(value) && isJsonObject(current)) return mergeObjects(schema, current, value);
  if (Array.isArray(value) && Array.isArray(current) && isMerged(schema)) return mergeLists(schema, current, value);
  return withoutDirectives(value);
}

function isMerged(schema: Schema | undefined): schema is Schema {
  return (schema?.["x-kubernetes-patch-strategy"] ?? "").split(",").includes("merge");
}

/** What items are told apart by; plain values by themselves. */
function identity(schema: Schema | undefined, item: Json): Json | undefined {
  const key = schema?.["x-kubernetes-patch-merge-key"];
  return key !== undefined && isJsonObject(item) ? item[key] : item;
}

function mergeLists(schema: Schema, current: Json[], patch: Json[]): Json[] {
  const idOf = (item: Json) => identity(schema, item);
  if (!patch.some(isJsonObject) && !current.some(isJsonObject)) {
    return mergeInOrder([...new Set([...current, ...patch])], { order: patch, before: current, idOf });
  }
  const items = patch.map((item) => checkedItem(schema, item));
  if (items.some((item) => item[DIRECTIVE] === "replace")) return items.filter((item) => !item[DIRECTIVE]).map(withoutDirectives);
  const deleted = new Set(items.filter((item) => item[DIRECTIVE] === "delete").map(idOf));
  const kept = current.filter((item) => !deleted.has(idOf(item)));
  const merged = [...kept];
  const written = items.filter((item) => !item[DIRECTIVE]);
  for (const item of written) {
    const at = merged.findIndex((one) => idOf(one) === idOf(item));
    if (at < 0) merged.push(withoutDirectives(item));
    else merged[at] = mergeValue(schema.items, merged[at], item);
  }
  return mergeInOrder(merged, { order: written, before: kept, idOf });
}

function checkedItem(schema: Schema, item: Json): JsonObject {
  const key = schema["x-kubernetes-patch-merge-key"] ?? "";
  if (!isJsonObject(item)) throw badRequest("a list in a strategic merge patch cannot mix objects with other values");
  const directive = item[DIRECTIVE];
  if (directive !== undefined && directive !== "replace" && directive !== "delete") {
    throw badRequest(`unknown patch type: ${JSON.stringify(directive)}`);
  }
  if (directive !== "replace" && item[key] === undefined) {
    throw badRequest(`map: ${JSON.stringify(item).slice(0, 300)} does not contain declared merge key: ${key}`);
  }
  return item;
}

function deleteFrom(result: JsonObject, field: string, values: Json): void {
  if (!Array.isArray(values)) throw badRequest("invalid patch format of primitive list");
  const list = result[field];
  if (Array.isArray(list)) result[field] = list.filter((item) => !values.includes(item));
}

/** Merges the list of `field`, if the patch has one, and puts it in the order that the patch wants. */
function setOrder(schema: Schema | undefined, result: JsonObject, patch: JsonObject, field: string): void {
  const order = patch[`${SET_ORDER}${field}`];
  const items = patch[field];
  if (!Array.isArray(order) || (items !== undefined && items !== null && !Array.isArray(items))) {
    throw badRequest("invalid patch format of setElementOrder list");
  }
  const list = fieldSchema(schema, field);
  const idOf = (item: Json) => identity(list, item);
  checkOrder((items ?? []).filter((item) => !isJsonObject(item) || !item[DIRECTIVE]).map(idOf), order.map(idOf));
  const current = result[field];
  if (items === null) delete result[field];
  const merged = items ? mergeValue(list, current, items) : current;
  if (items === null || !Array.isArray(merged)) return;
  result[field] = mergeInOrder(merged, { order, before: Array.isArray(current) ? current : [], idOf });
}

function checkOrder(ids: readonly (Json | undefined)[], order: readonly (Json | undefined)[]): void {
  const places = ids.map((id) => order.indexOf(id));
  if (places.every((place, at) => place >= 0 && place > (places[at - 1] ?? -1))) return;
  const [list, wanted] = [JSON.stringify(ids).slice(0, 300), JSON.stringify(order).slice(0, 300)];
  throw badRequest(`The order in patch list:\n${list}\n doesn't match $setElementOrder list:\n${wanted}\n`);
}

function withoutDirectives<T extends Json>(value: T): T {
  if (Array.isArray(value)) {
    return value.filter((item) => !isJsonObject(item) || !item[DIRECTIVE]).map((item) => withoutDirectives(item)) as T;
  }
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([key, item]) => !key.startsWith("$") && item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutDirectives(item)])) as T;
}
