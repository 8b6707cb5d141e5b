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
  /** Prepared ones that are wanted now; they come before new ones, too. */
  launch: string[];
  /** Kept off the CPU instead of being stopped. */
  freeze: string[];
  stop: string[];
}

/** Least useful first. */
const WORTH: Record<InstancePhase, number> = {
  ended: 0,
  draining: 0,
  frozen: 0,
  prepared: 0,
  backoff: 1,
  starting: 2,
  unready: 3,
  ready: 4,
};

/** Neither running nor becoming so. */
const ASIDE: ReadonlySet<InstancePhase> = new Set(["draining", "ended", "frozen", "prepared"]);

/**
 * What to start and stop so that `desired` instances run or become ready. Those that are not ready go first, then the youngest. Of none that
 * are desired, one that is ready is kept frozen where `idle` says so; until it is said, what is kept stays kept.
 */
export function planScale(instances: readonly Candidate[], desired: number, idle?: Idle): ScalePlan {
  const active = instances.filter(({ phase }) => !ASIDE.has(phase));
  const kept = (wanted: InstancePhase) => instances.filter(({ phase }) => phase === wanted).map(({ id }) => id);
  const frozen = kept("frozen");
  const prepared = kept("prepared");
  const missing = Math.max(0, desired - active.length);
  const thaw = frozen.slice(0, missing);
  const launch = prepared.slice(0, missing - thaw.length);
  const order = [...active].sort((a, b) => WORTH[a.phase] - WORTH[b.phase] || b.startedAt - a.startedAt);
  const surplus = order.slice(0, Math.max(0, active.length - desired));
  const keep = idle === "frozen" && desired === 0 && frozen.length === 0 ? surplus.findLast(({ phase }) => phase === "ready") : undefined;
  const others =
    idle === undefined
      ? []
      : [...(idle === "frozen" ? [] : frozen.slice(missing)), ...(idle === "prepared" ? [] : prepared.slice(launch.length))];
  return {
    start: missing - thaw.length - launch.length,
    thaw,
    launch,
    freeze: keep ? [keep.id] : [],
    stop: [...surplus.filter((candidate) => candidate !== keep).map(({ id }) => id), ...others],
  };
}

/** Whether one more is to be prepared: not while others start, which would take longer for it. */
export function wantsSpare(instances: readonly Pick<Candidate, "phase">[], idle: Idle | undefined): boolean {
  return idle === "prepared" && !instances.some(({ phase }) => phase === "prepared" || phase === "starting" || phase === "backoff");
}
