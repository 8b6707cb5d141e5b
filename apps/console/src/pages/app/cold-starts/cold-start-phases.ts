import type { ColdStart } from "@ebb/api";
import type { Dictionary } from "../../../i18n/en.ts";
import type { Segment } from "../../../ui/stacked-bar.tsx";

/** In the order in which they happen. */
const PHASES = ["decision", "queued", "sandbox", "launch", "boot", "seen", "firstByte"] as const;
const COLOURS = [
  "var(--calm)",
  "var(--version-5)",
  "var(--version-0)",
  "var(--version-2)",
  "var(--version-1)",
  "var(--version-3)",
  "var(--version-4)",
] as const;

export function segmentsOf({ phases }: Pick<ColdStart, "phases">, text: Dictionary): Segment[] {
  return PHASES.map((phase, index) => ({
    name: text.coldStarts.phases[phase],
    duration: phases[phase],
    colour: COLOURS[index] ?? "var(--calm)",
  }));
}

export const keyOf = (text: Dictionary): Segment[] =>
  segmentsOf({ phases: { decision: 0, queued: 0, sandbox: 0, launch: 0, boot: 0, seen: 0, firstByte: 0 } }, text);

export interface ColdStartFigures {
  count: number;
  median: number | null;
  slowest: number | null;
  waited: number;
  frozen: number;
}

export function figuresOf(starts: readonly ColdStart[]): ColdStartFigures {
  const totals = starts.map(({ total }) => total).toSorted((a, b) => a - b);
  const [lower, upper] = [totals[Math.ceil(totals.length / 2) - 1], totals[Math.floor(totals.length / 2)]];
  const median = lower === undefined || upper === undefined ? null : (lower + upper) / 2;
  return {
    count: starts.length,
    median,
    slowest: totals.at(-1) ?? null,
    waited: starts.filter(({ waited }) => waited).length,
    frozen: starts.filter(({ from }) => from === "frozen").length,
  };
}
