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

/** Steps of several versions over the times at which any of them changes, seconds since the epoch; null before a version's first step. */
export function linesOf(all: readonly (readonly Step[])[]): { times: number[]; values: (number | null)[][] } {
  const times = [...new Set(all.flatMap((steps) => steps.flatMap(({ from, to }) => [from, to])))].toSorted((a, b) => a - b);
  const values = all.map((steps) => times.map((time) => steps.findLast(({ from }) => from <= time)?.count ?? null));
  return { times: times.map((time) => time / 1000), values };
}
