import { CronTimes, isWithin } from "@ebb/base/cron-times";

/** Times in RFC 3339; a window that is open has no `from`. */
export interface WindowNow {
  from: string | null;
  until: string;
}

/**
 * How a window of two cron expressions stands at `now` (milliseconds), as the autoscaler sees it. Throws for what is no expression, no zone, or
 * never comes.
 */
export function windowNow({ start, end, timezone }: { start: string; end: string; timezone: string }, now: number): WindowNow {
  const [starts, ends] = [new CronTimes(start, timezone), new CronTimes(end, timezone)];
  const from = isWithin(starts, ends, now) ? undefined : starts.next(now);
  const until = ends.next(from ?? now);
  if (until === undefined) throw new Error(`${end} never comes`);
  return { from: from === undefined ? null : new Date(from).toISOString(), until: new Date(until).toISOString() };
}
