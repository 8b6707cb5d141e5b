/**
 * What `JSON.parse(JSON.stringify(value))` gives, without the text in between. `value` is JSON, but for fields that are undefined, which are left out.
 * What is frozen is taken as it is: it must be frozen to its leaves, and without such fields, as all is that comes from the store.
 */
export function jsonCopy<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  // JSON says null of what is no number, and 0 of -0.
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : null;
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return value.map((item) => copy(item) ?? null);
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const item = copy((value as Record<string, unknown>)[name]);
    if (item === undefined) continue;
    // An assignment would change what the object inherits from.
    if (name === "__proto__") Object.defineProperty(result, name, { value: item, enumerable: true, configurable: true, writable: true });
    else result[name] = item;
  }
  return result;
}
