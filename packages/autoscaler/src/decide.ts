import type { RevisionScaling } from "./revision-scaling.ts";

/** What is seen of a revision at one tick. Times in milliseconds of a monotonic clock. */
export interface Observation {
  now: number;
  /** Means over the stable and the panic window, all instances together. */
  stable: number;
  panic: number;
  ready: number;
  reachable: boolean;
}

/** What a decision hands to the next one. */
export interface DeciderMemory {
  /** When the panic threshold was last exceeded; absent outside of panic mode. */
  panicAt?: number;
  maxPanic: number;
  /** The largest counts within the scale-down delay by ticks, descending: what a later and larger one has made irrelevant is left out. */
  recent: readonly { slot: number; desired: number }[];
}

export interface Recommendation {
  desired: number;
  mode: "stable" | "panic";
  /** Room above the present load, in the metric's unit; below 0 a burst would not fit; always -1 for an unlimited target (-1). */
  excessBurstCapacity: number;
  /** What held the count up, when it was not the metric itself. */
  heldBy?: "panic" | "scale-down-delay" | "scale-down-rate" | "scale-up-rate" | "activation-scale";
  memory: DeciderMemory;
}

/** More than one instance at the start of a scaler begins in panic mode: what is running is kept until there is data to judge it by. */
export function initialMemory(now: number, instances: number): DeciderMemory {
  return { ...(instances > 1 ? { panicAt: now } : {}), maxPanic: instances, recent: [] };
}

/** The count that the metrics ask for, before min, max and scale to zero; after knative's pkg/autoscaler/scaling/autoscaler.go (Scale). */
export function recommend(scaling: RevisionScaling, memory: DeciderMemory, seen: Observation): Recommendation {
  const ready = Math.max(1, seen.ready);
  const highest = Math.ceil(scaling.maxScaleUpRate * ready);
  const lowest = seen.reachable ? Math.floor(ready / scaling.maxScaleDownRate) : 0;
  const clamp = (count: number) => Math.min(Math.max(count, lowest), highest);
  // What the rate keeps up is not raised: only load is.
  const activate = (asked: number) => (asked > 0 ? Math.max(clamp(asked), scaling.activationScale) : clamp(asked));
  const byStable = Math.ceil(seen.stable / scaling.target);
  const byPanic = Math.ceil(seen.panic / scaling.target);
  const stable = activate(byStable);
  const panic = activate(byPanic);

  const next = panicMemory(scaling, memory, seen.now, byPanic / ready >= scaling.panicThreshold);
  const panicking = next.panicAt !== undefined;
  let desired = stable;
  if (panicking) {
    // While it panics the count only grows.
    next.maxPanic = Math.max(next.maxPanic, stable, panic);
    desired = next.maxPanic;
  }
  let heldBy = restraint(byStable, stable, clamp);
  if (panicking) heldBy = desired > stable ? "panic" : heldBy;
  if (scaling.scaleDownDelay > 0 && seen.reachable) {
    next.recent = delay(memory.recent, scaling.scaleDownDelay, { now: seen.now, desired });
    const delayed = next.recent[0]?.desired ?? desired;
    if (delayed > desired) heldBy = "scale-down-delay";
    desired = delayed;
  }
  return {
    desired,
    mode: panicking ? "panic" : "stable",
    excessBurstCapacity: excessBurst(scaling, seen),
    memory: next,
    ...(heldBy ? { heldBy } : {}),
  };
}

/** Upstream's tick, by which the scale-down delay is counted. */
const SLOT = 2000;

/** The window of the largest counts with another one in it; the first is the largest. After knative's aggregation/max (Window.Record). */
function delay(
  recent: DeciderMemory["recent"],
  length: number,
  { now, desired }: { now: number; desired: number },
): DeciderMemory["recent"] {
  const slot = Math.floor(now / SLOT);
  const size = Math.ceil(length / SLOT);
  const left = recent.filter((entry) => entry.desired > desired && slot - entry.slot < size);
  const last = left.at(-1);
  // Of one tick the largest counts.
  return last?.slot === slot ? left : [...left, { slot, desired }];
}

function panicMemory(scaling: RevisionScaling, memory: DeciderMemory, now: number, over: boolean): DeciderMemory {
  if (over) return { ...memory, panicAt: now };
  if (memory.panicAt !== undefined && memory.panicAt + scaling.stableWindow < now) return { maxPanic: 0, recent: memory.recent };
  return { ...memory };
}

function restraint(asked: number, given: number, clamp: (count: number) => number): Recommendation["heldBy"] {
  const clamped = clamp(asked);
  if (given > clamped) return "activation-scale";
  if (clamped > asked) return "scale-down-rate";
  return clamped < asked ? "scale-up-rate" : undefined;
}

function excessBurst(scaling: RevisionScaling, seen: Observation): number {
  if (scaling.targetBurstCapacity === 0) return 0;
  if (scaling.targetBurstCapacity < 0) return -1;
  return Math.floor(seen.ready * scaling.total - scaling.targetBurstCapacity - seen.panic);
}

export interface Bounds {
  min: number;
  /** 0 is no limit. */
  max: number;
}

/** The bounds in force: an unreachable revision has no minimum; until the revision has once reached its initial scale, that is a minimum too. */
export function boundsOf(scaling: RevisionScaling, reachable: boolean, initialized: boolean): Bounds {
  if (!reachable) return { min: 0, max: scaling.max };
  return { min: initialized ? scaling.min : Math.max(scaling.min, scaling.initialScale), max: scaling.max };
}

/** A maximum below the minimum (admission refuses it, but the two may come from different places) yields to it, as upstream's does. */
export function applyBounds({ min, max }: Bounds, desired: number): number {
  if (desired < min) return min;
  return max > 0 ? Math.min(max, desired) : desired;
}

/** Where a revision is between asleep and serving: upstream's Active condition of the PodAutoscaler. Times monotonic. */
export type Activity =
  | { phase: "inactive"; since: number }
  /** Instances are wanted and none serves yet. */
  | { phase: "activating"; since: number }
  | { phase: "active"; since: number };

export interface ZeroVerdict {
  desired: number;
  activity: Activity;
  why: "scale-to-zero-disabled" | "activating" | "activation-timeout" | "window-not-over" | "retention" | "session" | "idle";
  /** Milliseconds until the verdict can change by time alone. */
  again?: number;
}

/**
 * What becomes of a recommendation of zero; after knative's kpa/scaler.go (handleScaleToZero). The gateway is always in the path here, so
 * the grace period in which upstream programs its activator has always passed. What no route leads to has nobody to be kept for, but whoever works in it:
 * where it is `attended`, which upstream does not know, one is kept in place of none.
 */
export function toZero(
  scaling: RevisionScaling,
  activity: Activity,
  seen: { now: number; current: number; reachable: boolean; activationTimeout: number; attended?: boolean },
): ZeroVerdict {
  const verdict = untended(scaling, activity, seen);
  return seen.attended && seen.current > 0 && verdict.why === "idle" ? { ...verdict, desired: 1, why: "session" } : verdict;
}

function untended(scaling: RevisionScaling, activity: Activity, seen: Omit<Parameters<typeof toZero>[2], "attended">): ZeroVerdict {
  const { now, current } = seen;
  if (!scaling.scaleToZero) return { desired: 1, activity, why: "scale-to-zero-disabled" };
  const age = now - activity.since;
  const retention = seen.reachable ? scaling.retention : 0;
  if (activity.phase === "activating") {
    if (age < seen.activationTimeout)
      return { desired: Math.max(1, current), activity, why: "activating", again: seen.activationTimeout - age };
    return { desired: 0, activity: { phase: "inactive", since: now }, why: "activation-timeout" };
  }
  if (activity.phase === "active") {
    if (age < scaling.stableWindow) return { desired: 1, activity, why: "window-not-over", again: scaling.stableWindow - age };
    if (retention <= 0) return { desired: 0, activity: { phase: "inactive", since: now }, why: "idle" };
    return { desired: Math.max(1, current), activity: { phase: "inactive", since: now }, why: "retention", again: retention };
  }
  if (current > 0 && age < retention) return { desired: current, activity, why: "retention", again: retention - age };
  return { desired: 0, activity, why: "idle" };
}
