import { Cron } from "croner";

interface Asked {
  timeZone: string;
  now: number;
  count: number;
}

/** The next times of a cron expression of five fields, by a zone's own clock. */
export function cronTimes(expression: string, { timeZone, now, count }: Asked): { at: string[] } | { fault: string } {
  try {
    const cron = new Cron(expression, { mode: "5-part", timezone: timeZone });
    return { at: cron.nextRuns(count, new Date(now)).map((time) => time.toISOString()) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
