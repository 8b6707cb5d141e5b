import { Cron } from "croner";

const MINUTE = 60_000;

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
  const options = { mode: "5-part", timezone } as const;
  const [starts, ends] = [new Cron(start, options), new Cron(end, options)];
  // The reference itself is not among the runs.
  const reference = new Date(Math.floor(now / MINUTE) * MINUTE + 1000);
  const [started] = starts.previousRuns(1, reference);
  const [ended] = ends.previousRuns(1, reference);
  const open = started !== undefined && (ended === undefined || started >= ended);
  const from = open ? null : starts.nextRun(reference);
  const until = ends.nextRun(from ?? reference);
  if (until === null) throw new Error(`${end} never comes`);
  return { from: from?.toISOString() ?? null, until: until.toISOString() };
}
