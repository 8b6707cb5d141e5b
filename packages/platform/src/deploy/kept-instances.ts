import { configOf, listVersions, type Place } from "../apps/store.ts";
import { revisionName } from "../compile/names.ts";
import { scalingOf } from "../compile/service.ts";
import type { Share } from "../compile/traffic.ts";
import type { PlaceDeps } from "./context.ts";
import type { HeldBy } from "./front.ts";

/** The versions that somebody is led to: by the split, a rule or a mirror. The others have no more than a preview. */
export function ledTo({ shares, rules, mirror }: HeldBy & { shares: readonly Share[] }): ReadonlySet<number> {
  const serving = shares.filter(({ percent }) => percent > 0);
  return new Set([...serving, ...rules, ...(mirror ? [mirror] : [])].map(({ number }) => number));
}

/**
 * A version that somebody is led to keeps the instances that it asks for; one that has a preview alone keeps none, and neither does any while the
 * environment sleeps: ten previews would keep ten of what one was meant to. `which`: those of them alone that are led to, or the others.
 */
export async function keepInstances(
  { db, cluster, environment }: PlaceDeps,
  { app, env }: Place,
  { led, which }: { led: ReadonlySet<number>; which?: "led" | "others" },
): Promise<void> {
  for (const version of await listVersions(db, { app, env })) {
    const { min } = scalingOf(configOf(version));
    const isLed = led.has(version.number);
    if (version.state === "failed" || min === 0 || (which !== undefined && isLed !== (which === "led"))) continue;
    await cluster.setMinScale(revisionName(app, version.number), isLed && environment.asleep === 0 ? min : 0);
  }
}
