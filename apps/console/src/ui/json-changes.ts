import type { Change } from "./change-lines.tsx";

/** What differs between two values of JSON, by the paths of its ends: `limits.maxInstances`, `freezes.0.why`. */
export function jsonChanges(before: unknown, after: unknown): Change[] {
  const [from, to] = [ends(before), ends(after)];
  return [...new Set([...from.keys(), ...to.keys()])]
    .map((path) => ({ path, from: from.get(path) ?? null, to: to.get(path) ?? null }))
    .filter((change) => change.from !== change.to);
}

function ends(value: unknown, path: readonly string[] = [], into = new Map<string, string>()): Map<string, string> {
  if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) ends(inner, [...path, key], into);
  } else if (value !== null && value !== undefined) into.set(path.join("."), typeof value === "string" ? value : JSON.stringify(value));
  return into;
}
