import type { InstancePhase } from "../port.ts";

interface Candidate {
  id: string;
  phase: InstancePhase;
  startedAt: number;
}

export interface ScalePlan {
  start: number;
  stop: string[];
}

/** Least useful first. */
const WORTH: Record<InstancePhase, number> = { ended: 0, draining: 0, backoff: 1, starting: 2, unready: 3, ready: 4 };

/** What to start and stop so that `desired` instances run or become ready. Those that are not ready go first, then the youngest. */
export function planScale(instances: readonly Candidate[], desired: number): ScalePlan {
  const active = instances.filter(({ phase }) => phase !== "draining" && phase !== "ended");
  if (active.length <= desired) return { start: desired - active.length, stop: [] };
  const order = [...active].sort((a, b) => WORTH[a.phase] - WORTH[b.phase] || b.startedAt - a.startedAt);
  return { start: 0, stop: order.slice(0, active.length - desired).map(({ id }) => id) };
}
