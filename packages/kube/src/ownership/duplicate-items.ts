import type { Json, JsonObject } from "../patch.ts";
import type { Schema } from "../schema.ts";
import { formatPath, type FieldPath } from "./field-set.ts";
import { fieldSchema, granularityOf, indexItems } from "./shape.ts";

/** The first item that a list owned item by item has twice, as structured-merge-diff says it; undefined if there is none. */
export function findDuplicateItem(schema: Schema | undefined, value: Json, path: FieldPath = []): string | undefined {
  const shape = granularityOf(schema, value);
  if (shape === "fields") {
    return firstOf(Object.entries(value as JsonObject), ([key, item]) =>
      findDuplicateItem(fieldSchema(schema, key), item, [...path, `f:${key}`]),
    );
  }
  if (shape === "leaf") return undefined;
  return firstOf([...indexItems(schema, value as Json[])], ([element, [item = null, ...more]]) =>
    more.length > 0
      ? `${formatPath(path)}: duplicate entries for key ${formatPath([element])}`
      : findDuplicateItem(schema?.items, item, [...path, element]),
  );
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
