import type { ScalingPolicy } from "@ebb/api";
import type { KnativeService } from "@ebb/kube";

const PREFIX = "autoscaling.ebb.dev/";
/** Of a Knative Service: Ebb's own autoscaler follows them at once, over what a version says; others ignore them (docs/guide/scaling.md). */
export const LIVE_POLICY = {
  strategies: `${PREFIX}strategies`,
  min: `${PREFIX}min-scale`,
  max: `${PREFIX}max-scale`,
  idle: `${PREFIX}idle`,
} as const;
/** While an app's environment sleeps: what would keep instances of it all the same, for when it wakes. There exactly as long. */
const ASIDE = "ebb.dev/scaling-when-awake";
const KEEPS_INSTANCES = [LIVE_POLICY.min, LIVE_POLICY.strategies] as const;

type Annotations = Readonly<Record<string, string>>;

/** The policy's annotations as people mean them: with what is laid aside. */
export function livePolicy(service: Pick<KnativeService, "metadata"> | undefined): Annotations {
  const annotations = service?.metadata.annotations ?? {};
  const present = Object.values(LIVE_POLICY).flatMap((name) => (annotations[name] === undefined ? [] : [[name, annotations[name]]]));
  return { ...asideOf(annotations), ...(Object.fromEntries(present) as Annotations) };
}

/** The annotations to set for this policy, in the state that the Service is in or is to be in; null removes. */
export function policyMarks(
  service: Pick<KnativeService, "metadata">,
  policy: Readonly<Record<string, string | null>>,
  asleep = service.metadata.annotations?.[ASIDE] !== undefined,
): Record<string, string | null> {
  const wanted = Object.values(LIVE_POLICY).map((name) => [name, policy[name] ?? null] as const);
  if (!asleep) return { ...Object.fromEntries(wanted), [ASIDE]: null };
  const keeps = (name: string) => KEEPS_INSTANCES.some((keeping) => keeping === name);
  const aside = Object.fromEntries(wanted.filter(([name, value]) => keeps(name) && value !== null));
  return { ...Object.fromEntries(wanted.map(([name, value]) => [name, keeps(name) ? null : value])), [ASIDE]: JSON.stringify(aside) };
}

function asideOf(annotations: Annotations): Annotations {
  try {
    const kept: unknown = JSON.parse(annotations[ASIDE] ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Annotations) : {};
  } catch {
    return {};
  }
}

/** The policy as the Service has it, whoever wrote it there; what cannot be read counts as absent, as it does for the autoscaler. */
export function viewScaling(service: KnativeService | undefined): ScalingPolicy {
  const annotations = livePolicy(service);
  const text = (key: keyof ScalingPolicy) => annotations[LIVE_POLICY[key]];
  const count = (value: string | undefined) => (value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : null);
  const idle = text("idle");
  return {
    strategies: strategiesOf(text("strategies")),
    min: count(text("min")),
    max: count(text("max")),
    idle: idle === "cold" || idle === "prepared" || idle === "frozen" ? idle : null,
  };
}

function strategiesOf(text: string | undefined): ScalingPolicy["strategies"] {
  if (text === undefined) return null;
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? (value as ScalingPolicy["strategies"]) : null;
  } catch {
    return null;
  }
}
