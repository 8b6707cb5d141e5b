import { CronTimes } from "@ebb/base/cron-times";

interface Asked {
  timeZone: string;
  now: number;
  count: number;
}

/** The next times of a cron expression of five fields, by a zone's own clock. */
export function cronTimes(expression: string, { timeZone, now, count }: Asked): { at: string[] } | { fault: string } {
  try {
    const times = new CronTimes(expression, timeZone);
    const at: string[] = [];
    for (let next = times.next(now); next !== undefined && at.length < count; next = times.next(next))
      at.push(new Date(next).toISOString());
    return { at };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
