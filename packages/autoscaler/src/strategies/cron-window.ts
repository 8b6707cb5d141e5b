import { UserError } from "@ebb/base";
import { CronTimes, isWithin } from "@ebb/base/cron-times";
import type { Strategy } from "./strategy.ts";

export type CronStrategy = Extract<Strategy, { type: "cron" }>;

/** What is known of a strategy object: parsed once, and how it stood when it was looked at last, until its next start or end. */
interface Window {
  start: CronTimes;
  end: CronTimes;
  seen?: { from: number; until: number; open: boolean };
}
const parsed = new WeakMap<CronStrategy, Window>();

/**
 * Whether `time` (milliseconds since the epoch) lies in a window: from a start, included, to the next end, excluded. Times of day that a
 * change of the clocks skips are taken right after it; those that it repeats, once.
 */
export function isOpen(strategy: CronStrategy, time: number): boolean {
  const window = parse(strategy);
  const { start, end, seen } = window;
  // Looking takes milliseconds, and is asked each tick.
  if (seen && time >= seen.from && time < seen.until) return seen.open;
  const open = isWithin(start, end, time);
  window.seen = { from: time, until: Math.min(start.next(time) ?? Infinity, end.next(time) ?? Infinity), open };
  return open;
}

/** Throws UserError `invalid_strategy` for what is no cron expression or no time zone. */
export function parse(strategy: CronStrategy): Window {
  const known = parsed.get(strategy);
  if (known) return known;
  const made = { start: cron(strategy.start, strategy.timezone), end: cron(strategy.end, strategy.timezone) };
  parsed.set(strategy, made);
  return made;
}

function cron(expression: string, timezone: string): CronTimes {
  const named = `${JSON.stringify(expression)} in ${JSON.stringify(timezone)}`;
  const hint = 'For example "0 8 * * 1-5" in "Europe/Berlin".';
  let made: CronTimes;
  let comes: boolean;
  try {
    made = new CronTimes(expression, timezone);
    // A time zone is looked at only when it is used.
    comes = made.next(0) !== undefined;
  } catch (cause) {
    throw new UserError("invalid_strategy", `${named} is not a cron expression of five fields in an IANA time zone`, { cause, hint });
  }
  if (!comes) throw new UserError("invalid_strategy", `${named} never comes`, { hint });
  return made;
}
