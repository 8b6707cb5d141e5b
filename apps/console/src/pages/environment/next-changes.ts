import type { Schedule } from "@ebb/api";
import { cronTimes } from "../../ui/cron-times.ts";

export interface NextChange {
  to: "sleep" | "wake";
  at: string;
}

const SHOWN = 4;

/** What a schedule does after `now` (milliseconds); or which of its expressions, or zone, is none, and why. */
export function nextChanges(
  { sleep, wake, timeZone }: Pick<Schedule, "sleep" | "wake" | "timeZone">,
  now: number,
): { changes: NextChange[] } | { of: string; fault: string } {
  const changes: NextChange[] = [];
  for (const [to, expressions] of [
    ["sleep", sleep],
    ["wake", wake],
  ] as const) {
    for (const expression of expressions) {
      const times = cronTimes(expression, { timeZone, now, count: SHOWN });
      if ("fault" in times) return { of: expression, fault: times.fault };
      changes.push(...times.at.map((at) => ({ to, at })));
    }
  }
  return { changes: changes.toSorted((a, b) => a.at.localeCompare(b.at)).slice(0, SHOWN) };
}
