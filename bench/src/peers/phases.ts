import type { ColdStart } from "@ebb/api";
import { percentile } from "./percentile.ts";

/** Prints where the time of starts goes: the median of each phase, as `ebb cold-starts` tells them. */
export function showPhases(starts: readonly ColdStart[]): void {
  const names = [...new Set(starts.flatMap(({ phases }) => Object.keys(phases)))];
  const medians = names.map((name) => {
    const values = starts.map(({ phases }) => phases[name as keyof typeof phases]).sort((a, b) => a - b);
    return `${name} ${percentile(values, 0.5).toFixed(1)}`;
  });
  console.log(`  median phases of ${starts.length} starts, ms: ${medians.join(", ")}`);
}
