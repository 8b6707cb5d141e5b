import { CronTimes } from "@ebb/base/cron-times";
import type { Schedule } from "@ebb/api";
import { refuse } from "../errors.ts";
import { checkCron } from "./check-cron.ts";

export interface Change {
  to: "sleep" | "wake";
  /** Milliseconds since the epoch. */
  at: number;
}

/** What a schedule did last, before or at `now`; where both come at one time, it sleeps. Pure. */
export function lastChange(schedule: Schedule, now: number): Change | undefined {
  return changes(schedule, (times) => times.last(now)).sort((a, b) => b.at - a.at)[0];
}

/** What it does next, after `after`. */
export function nextChange(schedule: Schedule, after: number): Change | undefined {
  return changes(schedule, (times) => times.next(after)).sort((a, b) => a.at - b.at)[0];
}

export function nextWake({ timeZone, wake }: Schedule, after: number): number | undefined {
  const times = wake.flatMap((cron) => new CronTimes(cron, timeZone).next(after) ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Sleep first: sorting is stable. */
function changes({ timeZone, sleep, wake }: Schedule, find: (times: CronTimes) => number | undefined): Change[] {
  const of = (to: Change["to"], crons: readonly string[]) =>
    crons.flatMap((cron) => {
      const at = find(new CronTimes(cron, timeZone));
      return at === undefined ? [] : [{ to, at }];
    });
  return [...of("sleep", sleep), ...of("wake", wake)];
}

/** What its schema does not see. Throws `invalid_request`. */
export function checkSchedule({ timeZone, sleep, wake }: Schedule, now: number): void {
  for (const cron of [...sleep, ...wake]) checkCron(`The schedule's "${cron}"`, { cron, timeZone }, now);
  const both = sleep.find((cron) => wake.includes(cron));
  if (both === undefined) return;
  throw refuse("invalid_request", `"${both}" is a time to sleep and to wake`, { hint: "Name times to sleep and others to wake." });
}
