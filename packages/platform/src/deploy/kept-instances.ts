import { eachAtOnce } from "@ebb/base";
import { configOf, listVersions, type Place } from "../apps/store.ts";
import { revisionName } from "../compile/names.ts";
import { scalingOf } from "../compile/service.ts";
import type { Share } from "../compile/traffic.ts";
import type { VersionConfig } from "../compile/version-config.ts";
import type { PlaceDeps } from "./context.ts";
import type { HeldBy } from "./front.ts";

/** What an API server of one machine, and a Kubernetes that is asked by many, both bear. */
const AT_ONCE = 8;
/** Of a Knative Service: what of a live policy keeps instances counts for these of its Revisions alone (docs/guide/scaling.md). */
export const LED_TO = "autoscaling.ebb.dev/led-to";

/** The versions that somebody is led to: by the split, a rule or a mirror. The others have no more than a preview. */
export function ledTo({ shares, rules, mirror }: HeldBy & { shares: readonly Share[] }): ReadonlySet<number> {
  const serving = shares.filter(({ percent }) => percent > 0);
  return new Set([...serving, ...rules, ...(mirror ? [mirror] : [])].map(({ number }) => number));
}

/** By which the cluster is told which versions those are. */
export function ledToMark(app: string, led: Iterable<number>): Record<string, string> {
  return {
    [LED_TO]: [...led]
      .sort((a, b) => a - b)
      .map((number) => revisionName(app, number))
      .join(","),
  };
}

/** A version that nobody is led to keeps none, also while it starts for the first time. */
export function keepingNone(config: VersionConfig): VersionConfig {
  return { ...config, scaling: { ...scalingOf(config), min: 0 } };
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
  const kept = (await listVersions(db, { app, env })).flatMap((version) => {
    const { number, state } = version;
    const { min } = scalingOf(configOf(version));
    const asked = which === undefined || led.has(number) === (which === "led");
    return !asked || state === "failed" || min === 0 ? [] : [{ number, min: led.has(number) && environment.asleep === 0 ? min : 0 }];
  });
  await eachAtOnce(kept, AT_ONCE, ({ number, min }) => cluster.setMinScale(revisionName(app, number), min));
}
