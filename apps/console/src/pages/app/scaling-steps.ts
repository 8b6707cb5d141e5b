import type { ScalingDecision } from "@ebb/api";

/** What a version was to have from one time to the next, milliseconds since the epoch. */
export interface Step {
  from: number;
  to: number;
  count: number;
}

/** A version's decisions (in any order) as steps in the order of time; the last one holds until `now`. */
export function stepsOf(decisions: readonly ScalingDecision[], now: number): Step[] {
  const ordered = decisions.toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
  const steps: Step[] = [];
  for (const { time, desired } of ordered) {
    const from = Date.parse(time);
    const last = steps.at(-1);
    if (last) last.to = from;
    if (last?.count === desired) last.to = Math.max(from, now);
    else steps.push({ from, to: Math.max(from, now), count: desired });
  }
  return steps;
}
