import { ScalingStrategy, type ScalingPolicy } from "@ebb/api";
import { codeOf, type Said } from "@ebb/base";
import { CronTimes } from "@ebb/base/cron-times";
import type { KnativeService } from "@ebb/kube";
import { Value } from "typebox/value";
import { say } from "./words.ts";

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

const NOTHING: ScalingPolicy = { strategies: null, min: null, max: null, idle: null };
const MOST_INSTANCES = 100_000;
const MOST_STRATEGIES = 16;

/**
 * The policy as the Service has it, whoever wrote it there. Where a part of it is none nothing of it counts, as for the autoscaler, and `problem` says
 * why: what is shown here is in force.
 */
export function viewScaling(service: KnativeService | undefined): ScalingPolicy {
  const annotations = livePolicy(service);
  const faults: Said[] = [];
  const part = <T>(key: keyof typeof LIVE_POLICY, read: (text: string) => Read<T>): T | null => {
    const text = annotations[LIVE_POLICY[key]];
    if (text === undefined) return null;
    const { value = null, fault } = read(text);
    if (fault) faults.push(fault);
    return value;
  };
  const policy: ScalingPolicy = {
    strategies: part("strategies", strategiesOf),
    min: part("min", (text) => countOf(LIVE_POLICY.min, text)),
    max: part("max", (text) => countOf(LIVE_POLICY.max, text)),
    idle: part("idle", idleOf),
  };
  const { min, max } = policy;
  if (min !== null && max !== null && max > 0 && max < min) faults.push(say("policy.bounds", { max, min }));
  const [first] = faults;
  return first === undefined ? policy : { ...NOTHING, problem: first.words, saidProblem: codeOf(first) };
}

/** What a text says, or why it is nothing. */
interface Read<T> {
  value?: T;
  fault?: Said;
}

function countOf(annotation: string, text: string): Read<number> {
  const value = Number(text);
  return /^\d+$/.test(text) && value <= MOST_INSTANCES ? { value } : { fault: say("policy.number", { annotation, most: MOST_INSTANCES }) };
}

function idleOf(text: string): Read<NonNullable<ScalingPolicy["idle"]>> {
  if (text === "cold" || text === "prepared" || text === "frozen") return { value: text };
  return { fault: say("policy.idle", { annotation: LIVE_POLICY.idle }) };
}

function strategiesOf(text: string): Read<ScalingStrategy[]> {
  const annotation = LIVE_POLICY.strategies;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: say("policy.json", { annotation }) };
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_STRATEGIES) {
    return { fault: say("policy.array", { annotation, most: MOST_STRATEGIES }) };
  }
  const sound: ScalingStrategy[] = [];
  for (const [index, each] of (value as unknown[]).entries()) {
    if (!Value.Check(ScalingStrategy, each) || !comes(each)) return { fault: say("policy.strategy", { number: index + 1, annotation }) };
    sound.push(each);
  }
  return { value: sound };
}

/** Of a window: that both its times come, and not at once. */
function comes(strategy: ScalingStrategy): boolean {
  if (strategy.type !== "cron") return true;
  const { start, end, timezone = "UTC" } = strategy;
  try {
    return start !== end && [start, end].every((cron) => new CronTimes(cron, timezone).next(0) !== undefined);
  } catch {
    return false;
  }
}
