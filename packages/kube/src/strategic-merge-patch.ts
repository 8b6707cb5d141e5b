import { isJsonObject, type Json, type JsonObject } from "./patch.ts";
import { badRequest } from "./status-errors.ts";

/**
 * By which field the items of a list are matched (`patchMergeKey` of the core kinds in use). A list that is not here is replaced as a
 * whole, as Kubernetes does with lists that have no patch strategy.
 */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  conditions: "type",
  containers: "name",
  env: "name",
  ephemeralContainers: "name",
  hostAliases: "ip",
  imagePullSecrets: "name",
  initContainers: "name",
  ownerReferences: "uid",
  podIPs: "ip",
  ports: "containerPort",
  volumeDevices: "devicePath",
  volumeMounts: "mountPath",
  volumes: "name",
};
/** Lists of plain values that are joined instead of replaced. */
const MERGED_PRIMITIVES: ReadonlySet<string> = new Set(["finalizers"]);

/**
 * Kubernetes' strategic merge patch for the core kinds (not for custom ones: those take JSON merge patches). Understands `$patch`
 * (`replace`, `delete`, `merge`), `$retainKeys`, `$deleteFromPrimitiveList/…` and `$setElementOrder/…`. Neither argument is changed.
 */
export function strategicMergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const result = mergeObjects(target, patch);
  if (result === undefined) throw badRequest("a patch cannot delete the whole object");
  return result;
}

/** Undefined when the patch says to delete it. */
function mergeObjects(target: JsonObject, patch: JsonObject): JsonObject | undefined {
  const directive = patch["$patch"];
  if (directive === "delete") return undefined;
  if (directive === "replace") return withoutDirectives(patch);
  if (directive !== undefined && directive !== "merge") throw badRequest(`unknown patch directive ${JSON.stringify(directive)}`);
  const result: JsonObject = { ...target };
  const retained = patch["$retainKeys"];
  if (Array.isArray(retained)) for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$")) continue;
    const merged = mergeField(key, result[key], value);
    if (merged === undefined) delete result[key];
    else result[key] = merged;
  }
  for (const [key, value] of Object.entries(patch)) applyListDirective(result, key, value);
  return result;
}

function mergeField(key: string, current: Json | undefined, value: Json): Json | undefined {
  if (value === null) return undefined;
  if (isJsonObject(value)) return mergeObjects(isJsonObject(current) ? current : {}, value);
  if (!Array.isArray(value)) return value;
  const existing = Array.isArray(current) ? current : [];
  const mergeKey = MERGE_KEYS[key];
  if (mergeKey !== undefined && [...value, ...existing].every(isJsonObject)) {
    return mergeLists(existing as JsonObject[], value as JsonObject[], mergeKey);
  }
  if (MERGED_PRIMITIVES.has(key)) return [...existing, ...value.filter((item) => !existing.includes(item))];
  return withoutDirectives(value);
}

function mergeLists(existing: JsonObject[], items: JsonObject[], key: string): JsonObject[] {
  const replacing = items.some((item) => item["$patch"] === "replace" && Object.keys(item).length === 1);
  if (replacing) return items.filter((item) => item["$patch"] === undefined).map((item) => withoutDirectives(item));
  let result = [...existing];
  for (const item of items) {
    const id = item[key];
    if (id === undefined) throw badRequest(`map: ${JSON.stringify(Object.keys(item))} does not contain declared merge key: ${key}`);
    const at = result.findIndex((one) => one[key] === id);
    const merged = mergeObjects(result[at] ?? {}, item);
    if (merged === undefined) result = result.filter((one) => one[key] !== id);
    else if (at < 0) result.push(merged);
    else result[at] = merged;
  }
  return result;
}

function applyListDirective(result: JsonObject, key: string, value: Json): void {
  const [, directive, field = ""] = /^\$(deleteFromPrimitiveList|setElementOrder)\/(.+)$/.exec(key) ?? [];
  const list = result[field];
  if (directive === undefined || !Array.isArray(value) || !Array.isArray(list)) return;
  result[field] = directive === "setElementOrder" ? ordered(field, list, value) : list.filter((item) => !value.includes(item));
}

/** In the order of the patch; what the patch does not know comes after, in its own order. */
function ordered(field: string, list: Json[], order: Json[]): Json[] {
  const key = MERGE_KEYS[field];
  const idOf = (item: Json) => (key !== undefined && isJsonObject(item) ? item[key] : item);
  const places = new Map(order.map((item, place) => [idOf(item), place]));
  const placeOf = (item: Json) => places.get(idOf(item)) ?? places.size;
  return [...list].sort((a, b) => placeOf(a) - placeOf(b));
}

function withoutDirectives<T extends Json>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => withoutDirectives(item)) as T;
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([key, item]) => !key.startsWith("$") && item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutDirectives(item)])) as T;
}
