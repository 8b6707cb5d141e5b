import { CronTimes } from "@ebb/base/cron-times";
import { refuse } from "../errors.ts";

const HINT = 'Five fields and a time zone: "0 16 * * 5" in Europe/Berlin is each Friday at 16:00 there.';

/** Throws `invalid_request` for an expression that is none, a zone that is none, and times that never come. `what`: "The freeze \"x\"". */
export function checkCron(what: string, { cron, timeZone }: { cron: string; timeZone: string }, now: number): void {
  let next: number | undefined;
  try {
    next = new CronTimes(cron, timeZone).next(now);
  } catch (cause) {
    throw refuse("invalid_request", `${what} has no times: ${cause instanceof Error ? cause.message : ""}`, { hint: HINT, cause });
  }
  if (next === undefined) throw refuse("invalid_request", `${what} never begins`, { hint: HINT });
}
