import { UserError } from "@ebb/base";
import { Cron } from "croner";
import type { Strategy } from "./strategy.ts";

export type CronStrategy = Extract<Strategy, { type: "cron" }>;

const SECOND = 1000;
/** Parsed once for each strategy object. */
const parsed = new WeakMap<CronStrategy, { start: Cron; end: Cron }>();

/**
 * Whether `time` (milliseconds since the epoch) lies in a window: from a start, included, to the next end, excluded. Times of day that a
 * change of the clocks skips are taken right after it; those that it repeats, once.
 */
export function isOpen(strategy: CronStrategy, time: number): boolean {
  const { start, end } = parse(strategy);
  // Runs are on whole seconds; the reference itself is not among them.
  const reference = new Date(Math.floor(time / SECOND) * SECOND + SECOND);
  const started = start.previousRuns(1, reference)[0];
  const ended = end.previousRuns(1, reference)[0];
  return started !== undefined && (ended === undefined || started.getTime() >= ended.getTime());
}

/** Throws UserError `invalid_strategy` for what is no cron expression or no time zone. */
export function parse(strategy: CronStrategy): { start: Cron; end: Cron } {
  const known = parsed.get(strategy);
  if (known) return known;
  const made = { start: cron(strategy.start, strategy.timezone), end: cron(strategy.end, strategy.timezone) };
  parsed.set(strategy, made);
  return made;
}

function cron(expression: string, timezone: string): Cron {
  try {
    const made = new Cron(expression, { timezone, paused: true, mode: "5-part" });
    // A time zone is looked at only when it is used.
    made.nextRun();
    return made;
  } catch (cause) {
    const message = `${JSON.stringify(expression)} in ${JSON.stringify(timezone)} is not a cron expression of five fields in an IANA time zone`;
    throw new UserError("invalid_strategy", message, { cause, hint: 'For example "0 8 * * 1-5" in "Europe/Berlin".' });
  }
}
