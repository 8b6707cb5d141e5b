/** HPA looks each 15 s, ignores a deviation of a tenth, and goes down to the largest of what it found in five minutes. */
const SYNC = 15_000;
const TOLERANCE = 0.1;
const STABILIZATION = 300_000;
/** And up to the double, or by four, at a time. */
const UP_FACTOR = 2;
const UP_STEP = 4;

export interface ResourceMemory {
  /** When it last looked. */
  at: number;
  desired: number;
  recent: readonly { time: number; desired: number }[];
}

/**
 * The count at which instances would use `target` each when `ready` of them use `used` now; after Kubernetes' horizontal pod autoscaler with
 * its default behaviour (pkg/controller/podautoscaler). Same units for both; times monotonic.
 */
export function resourceVote(
  memory: ResourceMemory | undefined,
  { now, ready, used, target }: { now: number; ready: number; used: number; target: number },
): ResourceMemory {
  if (memory && now - memory.at < SYNC) return memory;
  const ratio = used / target;
  const asked = Math.abs(ratio - 1) <= TOLERANCE ? ready : Math.ceil(ready * ratio);
  const recent = [...(memory?.recent ?? []).filter(({ time }) => time > now - STABILIZATION), { time: now, desired: asked }];
  const held = Math.max(...recent.map(({ desired }) => desired));
  const most = Math.max(UP_FACTOR * ready, ready + UP_STEP);
  // Stabilization holds up what there is; it never raises it.
  const desired = asked >= ready ? asked : Math.min(ready, held);
  return { at: now, recent, desired: Math.max(1, Math.min(desired, most)) };
}
