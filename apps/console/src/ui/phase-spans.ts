import type { Phase } from "@ebb/api";

export interface Span {
  /** Percent of the whole. */
  left: number;
  width: number;
}

/** Where each phase lies in the time from the first one's start to the last one's end; `now` (milliseconds) ends those that run. */
export function spansOf(phases: readonly Pick<Phase, "startedAt" | "finishedAt">[], now: number): { whole: number; spans: Span[] } {
  const times = phases.map(({ startedAt, finishedAt }) => {
    const from = Date.parse(startedAt);
    return { from, to: Math.max(from, finishedAt === null ? now : Date.parse(finishedAt)) };
  });
  const start = Math.min(...times.map(({ from }) => from));
  const whole = times.length === 0 ? 0 : Math.max(...times.map(({ to }) => to)) - start;
  const percent = (milliseconds: number) => (100 * milliseconds) / Math.max(1, whole);
  return { whole, spans: times.map(({ from, to }) => ({ left: percent(from - start), width: percent(to - from) })) };
}
