import type { Idle, InstancePhase } from "../port.ts";

interface Candidate {
  id: string;
  phase: InstancePhase;
  startedAt: number;
}

export interface ScalePlan {
  start: number;
  /** Frozen ones that are wanted again; they come before new ones. */
  thaw: string[];
  /** Kept off the CPU instead of being stopped. */
  freeze: string[];
  stop: string[];
}

/** Least useful first. */
const WORTH: Record<InstancePhase, number> = { ended: 0, draining: 0, frozen: 0, backoff: 1, starting: 2, unready: 3, ready: 4 };

/**
 * What to start and stop so that `desired` instances run or become ready. Those that are not ready go first, then the youngest. Of none that
 * are desired, one that is ready is kept frozen where `idle` says so;
 * until it is said, what is kept stays kept.
 */
export function planScale(instances: readonly Candidate[], desired: number, idle?: Idle): ScalePlan {
  const active = instances.filter(({ phase }) => phase !== "draining" && phase !== "ended" && phase !== "frozen");
  const frozen = instances.filter(({ phase }) => phase === "frozen").map(({ id }) => id);
  const missing = Math.max(0, desired - active.length);
  const thaw = frozen.slice(0, missing);
  const order = [...active].sort((a, b) => WORTH[a.phase] - WORTH[b.phase] || b.startedAt - a.startedAt);
  const surplus = order.slice(0, Math.max(0, active.length - desired));
  const keep = idle === "frozen" && desired === 0 && frozen.length === 0 ? surplus.findLast(({ phase }) => phase === "ready") : undefined;
  const superfluous = idle === "cold" ? frozen.slice(missing) : [];
  return {
    start: missing - thaw.length,
    thaw,
    freeze: keep ? [keep.id] : [],
    stop: [...surplus.filter((candidate) => candidate !== keep).map(({ id }) => id), ...superfluous],
  };
}
