import type { TrafficTarget } from "@ebb/kube";
import type { Target } from "./traffic.ts";

/** Where upstream keeps a rollout on its Ingress; here it is an annotation of the Route's status. */
export const ROLLOUT_ANNOTATION = "networking.internal.knative.dev/rollout";

export interface RevisionShare {
  revisionName: string;
  percent: number;
}

/** Unix times and durations in milliseconds; 0 or absent: not known yet. */
export interface StepParams {
  startTime?: number;
  nextStepTime?: number;
  stepDuration?: number;
  stepSize?: number;
}

/** The traffic of one target that follows a Configuration. `revisions` are from the oldest to the newest and add up to `percent`. */
export interface ConfigurationRollout {
  configurationName: string;
  tag: string;
  percent: number;
  revisions: RevisionShare[];
  stepParams: StepParams;
}

/** What the spec asks for: all traffic of each such target to its newest Revision. Targets are the spec's, in its order. */
export function rolloutGoal(traffic: readonly TrafficTarget[], targets: readonly Target[]): ConfigurationRollout[] {
  const goals = new Map<string, ConfigurationRollout>();
  for (const [index, { configurationName, tag = "" }] of traffic.entries()) {
    const target = targets[index];
    if (!configurationName || !target || goals.has(keyOf({ configurationName, tag }))) continue;
    const { revisionName, percent } = target;
    goals.set(keyOf({ configurationName, tag }), {
      configurationName,
      tag,
      percent,
      revisions: [{ revisionName, percent }],
      stepParams: {},
    });
  }
  return [...goals.values()];
}

function keyOf({ configurationName, tag }: Pick<ConfigurationRollout, "configurationName" | "tag">): string {
  return `${configurationName}/${tag}`;
}

/** The state of traffic that should be now, from what was; after knative's pkg/reconciler/route/traffic/rollout.go (Step). */
export function stepRollout(
  goals: readonly ConfigurationRollout[],
  before: readonly ConfigurationRollout[],
  now: number,
): ConfigurationRollout[] {
  return goals.map((goal) => {
    const previous = before.find((one) => keyOf(one) === keyOf(goal));
    return goal.percent > 1 && previous ? stepOne(goal, previous, now) : goal;
  });
}

function stepOne(goal: ConfigurationRollout, previous: ConfigurationRollout, now: number): ConfigurationRollout {
  const shares = adjusted(previous, goal.percent);
  const newest = goal.revisions[0]?.revisionName ?? "";
  const last = shares.at(-1);
  if (!last) return goal;
  if (last.revisionName !== newest) {
    // The first per cent, from the newest of those that have any.
    const giver = shares.findLastIndex(({ percent }) => percent > 0);
    const left = shares.map((share, index) => (index === giver ? { ...share, percent: share.percent - 1 } : share));
    const revisions = [...left.filter(({ percent }) => percent > 0), { revisionName: newest, percent: 1 }];
    return { ...goal, revisions, stepParams: { startTime: now } };
  }
  if (shares.length < 2) return goal;
  const kept = { ...goal, revisions: shares, stepParams: previous.stepParams };
  const { stepSize = 0, nextStepTime = 0 } = previous.stepParams;
  return stepSize > 0 && now >= nextStepTime ? moved(kept, stepSize, now) : kept;
}

/** More goes to the newest, less is taken from the oldest. */
function adjusted(previous: ConfigurationRollout, percent: number): RevisionShare[] {
  const difference = percent - previous.percent;
  if (difference >= 0) {
    return previous.revisions.map((share, i, all) => (i === all.length - 1 ? { ...share, percent: share.percent + difference } : share));
  }
  let excess = -difference;
  return previous.revisions.flatMap((share) => {
    const taken = Math.min(excess, share.percent);
    excess -= taken;
    return share.percent > taken ? [{ ...share, percent: share.percent - taken }] : [];
  });
}

/** One step's worth to the newest, from the next older first. */
function moved(rollout: ConfigurationRollout, stepSize: number, now: number): ConfigurationRollout {
  let wanted = stepSize;
  const older = rollout.revisions
    .slice(0, -1)
    .toReversed()
    .map((share) => {
      const taken = Math.min(wanted, share.percent);
      wanted -= taken;
      return { ...share, percent: share.percent - taken };
    });
  const kept = older.toReversed().filter(({ percent }) => percent > 0);
  const newest = rollout.revisions.at(-1)?.revisionName ?? "";
  const rest = rollout.percent - kept.reduce((sum, { percent }) => sum + percent, 0);
  const { stepParams } = rollout;
  return {
    ...rollout,
    revisions: [...kept, { revisionName: newest, percent: rest }],
    stepParams: kept.length > 0 ? { ...stepParams, nextStepTime: now + (stepParams.stepDuration ?? 0) } : {},
  };
}

/**
 * Called once the gateway has the first per cent: how long that took, in whole seconds, is the shortest step; as many steps as fit into
 * the duration move equal parts of what is left (computeProperties).
 */
export function observeReady(rollouts: readonly ConfigurationRollout[], now: number, durationSeconds: number): ConfigurationRollout[] {
  return rollouts.map((rollout) => {
    const { startTime = 0, stepDuration = 0 } = rollout.stepParams;
    if (startTime === 0 || stepDuration > 0) return rollout;
    const shortest = Math.max(1, Math.ceil((now - startTime) / 1000));
    const left = Math.max(1, durationSeconds - shortest);
    const percent = rollout.percent - 1;
    const steps = Math.min(percent, Math.max(1, left / shortest));
    const pause = Math.floor((left / steps) * 1000);
    return { ...rollout, stepParams: { startTime, stepSize: Math.round(percent / steps), stepDuration: pause, nextStepTime: now + pause } };
  });
}

export function isDone(rollouts: readonly ConfigurationRollout[]): boolean {
  return rollouts.every(({ revisions }) => revisions.length < 2);
}

/** When there is something to do again, if there is. */
export function nextStep(rollouts: readonly ConfigurationRollout[]): number | undefined {
  const times = rollouts.flatMap(({ revisions, stepParams }) =>
    revisions.length > 1 && stepParams.nextStepTime ? [stepParams.nextStepTime] : [],
  );
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** The targets with older Revisions beside those that are being rolled out. A tag's own host leads to the newest at once. */
export function withRollout(
  traffic: readonly TrafficTarget[],
  targets: readonly Target[],
  rollouts: readonly ConfigurationRollout[],
): Target[] {
  const used = new Set<string>();
  return targets.flatMap((target, index) => {
    const { configurationName = "", tag = "" } = traffic[index] ?? {};
    const key = keyOf({ configurationName, tag });
    const rollout = used.has(key) ? undefined : rollouts.find((one) => keyOf(one) === key);
    used.add(key);
    if (!rollout || rollout.revisions.length < 2) return [target];
    const newest = rollout.revisions.at(-1)?.percent ?? 0;
    const older = rollout.revisions.slice(0, -1).map((share): Target => ({ ...share, latestRevision: false }));
    return [...older, { ...target, percent: newest }];
  });
}

/** The rollout that a Route's status tells of; one that makes no sense is none. Without one, what was last served is where it begins. */
export function rolloutBefore(
  text: string | undefined,
  traffic: readonly TrafficTarget[],
  served: readonly TrafficTarget[],
): ConfigurationRollout[] {
  if (text !== undefined) {
    const parsed = parseRollout(text);
    if (parsed) return parsed;
  }
  return traffic.flatMap(({ configurationName, tag = "" }) => {
    const latest = served.find((target) => target.latestRevision && (target.tag ?? "") === tag);
    if (!configurationName || !latest?.revisionName) return [];
    const { revisionName, percent = 0 } = latest;
    return [{ configurationName, tag, percent, revisions: [{ revisionName, percent }], stepParams: {} }];
  });
}

function parseRollout(text: string): ConfigurationRollout[] | undefined {
  try {
    const { configurations } = JSON.parse(text) as { configurations?: ConfigurationRollout[] };
    const sound = configurations?.every(
      ({ percent, revisions }) => percent <= 100 && revisions.reduce((sum, share) => sum + share.percent, 0) === percent,
    );
    return sound ? configurations : undefined;
  } catch {
    return undefined;
  }
}

/** Whole seconds from the Route's annotation, else from config-network; 0: at once. */
export function rolloutSeconds(annotations: Record<string, string> = {}, fallback: number): number {
  const own = annotations["serving.knative.dev/rollout-duration"] ?? annotations["serving.knative.dev/rolloutDuration"];
  return own === undefined ? fallback : secondsOf(own);
}

/** Of a Go duration. */
export function secondsOf(text: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (!match || text === "") return 0;
  const [, hours, minutes, seconds] = match;
  return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
}
