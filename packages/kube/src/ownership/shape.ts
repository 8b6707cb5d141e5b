import { isJsonObject, type Json } from "../patch.ts";
import type { Schema } from "../schema.ts";

/** How a value is owned: as a whole, field by field, or item by item. */
export type Granularity = "leaf" | "fields" | "items";

/**
 * By the schema's list and map types. What the schema says nothing of goes field by field if it is an object and as a whole if it is a list, as
 * Kubernetes deduces it.
 */
export function granularityOf(schema: Schema | undefined, value: Json | undefined): Granularity {
  if (Array.isArray(value)) {
    const type = schema?.["x-kubernetes-list-type"];
    return type === "map" || type === "set" ? "items" : "leaf";
  }
  return isJsonObject(value) && schema?.["x-kubernetes-map-type"] !== "atomic" ? "fields" : "leaf";
}

export function fieldSchema(schema: Schema | undefined, key: string): Schema | undefined {
  return isNamedField(schema, key) ? schema?.properties?.[key] : schema?.additionalProperties;
}

/** Whether it is a field of a struct, not a key of a map. */
export function isNamedField(schema: Schema | undefined, key: string): boolean {
  return schema?.properties !== undefined && Object.hasOwn(schema.properties, key);
}

/** The schema of what a path element leads to. */
export function elementSchema(schema: Schema | undefined, element: string): Schema | undefined {
  return element.startsWith("f:") ? fieldSchema(schema, element.slice(2)) : schema?.items;
}

/** Which item of a granular list this is; items of equal elements are duplicates. */
export function itemElement(schema: Schema | undefined, item: Json): string {
  const keys = schema?.["x-kubernetes-list-map-keys"];
  if (schema?.["x-kubernetes-list-type"] !== "map" || !keys || !isJsonObject(item)) return `v:${JSON.stringify(item)}`;
  const values = [...keys].sort().flatMap((key) => {
    const value = item[key] ?? schema.items?.properties?.[key]?.default;
    return value === undefined ? [] : [[key, value] as const];
  });
  return `k:${JSON.stringify(Object.fromEntries(values))}`;
}

/** Items by their element, in order; more than one under an element are duplicates. */
export function indexItems(schema: Schema | undefined, items: readonly Json[]): Map<string, Json[]> {
  const index = new Map<string, Json[]>();
  for (const item of items) {
    const element = itemElement(schema, item);
    const same = index.get(element);
    if (same) same.push(item);
    else index.set(element, [item]);
  }
  return index;
}
