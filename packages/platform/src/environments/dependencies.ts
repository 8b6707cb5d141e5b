/** App → apps that it depends on. */
export type Dependencies = ReadonlyMap<string, readonly string[]>;

/**
 * The apps in levels: each depends on apps of levels before its own alone. What is not among the apps counts for nothing; those of a cycle,
 * which nobody can declare, come last together. Pure.
 */
export function levelsOf(apps: readonly string[], dependsOn: Dependencies): string[][] {
  const levels: string[][] = [];
  let left = [...apps].sort();
  while (left.length > 0) {
    const waiting = new Set(left);
    const ready = left.filter((app) => !(dependsOn.get(app) ?? []).some((other) => waiting.has(other)));
    if (ready.length === 0) return [...levels, left];
    levels.push(ready);
    left = left.filter((app) => !ready.includes(app));
  }
  return levels;
}

/** A way from an app back to itself: `["shop", "cart", "shop"]`; undefined when there is none. */
export function findCycle(app: string, dependsOn: Dependencies): string[] | undefined {
  const seen = new Set<string>();
  const walk = (at: string, path: readonly string[]): string[] | undefined => {
    for (const next of dependsOn.get(at) ?? []) {
      if (next === app) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk(next, [...path, next]);
      if (found) return found;
    }
    return undefined;
  };
  return walk(app, [app]);
}
