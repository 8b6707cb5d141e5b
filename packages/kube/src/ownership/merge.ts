import type { Json, JsonObject } from "../patch.ts";
import type { Schema } from "../schema.ts";
import { fieldSchema, granularityOf, itemElement } from "./shape.ts";

/** An applied configuration laid over the live object: its leaves win, its lists are merged by item, all else stays. Neither is changed. */
export function mergeApplied(schema: Schema | undefined, live: JsonObject, applied: JsonObject): JsonObject {
  const result: JsonObject = { ...live };
  for (const [key, value] of Object.entries(applied)) {
    const merged = merge(fieldSchema(schema, key), Object.hasOwn(live, key) ? live[key] : undefined, value);
    Object.defineProperty(result, key, { value: merged, enumerable: true, writable: true, configurable: true });
  }
  return result;
}

function merge(schema: Schema | undefined, live: Json | undefined, applied: Json): Json {
  const shape = granularityOf(schema, applied);
  // As an empty one would, a null leaves what others have put into an object or a list.
  if (applied === null && live !== undefined && hasContent(schema, live)) return live;
  if (live === undefined || shape === "leaf" || granularityOf(schema, live) !== shape) return applied;
  if (shape === "fields") return mergeApplied(schema, live as JsonObject, applied as JsonObject);
  return mergeItems(schema, live as Json[], applied as Json[]);
}

function hasContent(schema: Schema | undefined, live: Json): boolean {
  return granularityOf(schema, live) !== "leaf" && Object.keys(live as JsonObject | Json[]).length > 0;
}

/**
 * Items that both have come in the order of the configuration, those that only the live object has stay near where they were: the walk of
 * structured-merge-diff's visitListItems.
 */
function mergeItems(schema: Schema | undefined, live: readonly Json[], applied: readonly Json[]): Json[] {
  const left = live.map((item) => itemElement(schema, item));
  const right = applied.map((item) => itemElement(schema, item));
  const wanted = new Set(right);
  const shared = right.filter((element) => left.includes(element));
  const taken = new Set<string>();
  const result: Json[] = [];
  const takeRight = (at: number) => {
    const element = right[at] ?? "";
    taken.add(element);
    const before = live[left.indexOf(element)];
    result.push(merge(schema?.items, before, applied[at] ?? null));
    if (shared[0] === element) shared.shift();
  };
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    const element = left[l];
    if (element !== undefined && r < right.length) {
      if (element === right[r]) {
        takeRight(r++);
        l++;
        continue;
      }
      // Shared, but another one is due first.
      if (wanted.has(element) && shared.length > 0 && shared[0] !== element) {
        l++;
        continue;
      }
    }
    if (element !== undefined && !wanted.has(element)) {
      result.push(live[l] ?? null);
      l++;
      continue;
    }
    if (element !== undefined && taken.has(element)) l++;
    if (r < right.length) takeRight(r++);
  }
  return result;
}
