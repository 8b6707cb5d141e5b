import { Cron } from "croner";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** How far back the last time is looked for, the near past first: of a dense expression there are few times in it, and a rare one is found later. */
const SPANS = [4 * HOUR, DAY + 2 * HOUR, 8 * DAY, 40 * DAY, 400 * DAY, 9 * 366 * DAY];
/** Croner is asked from well before: at a time in the hour around a change of the clock it forgets times, or gives some that are over. */
const LEAD = 3 * HOUR;

/**
 * Times of a cron expression of five fields by a zone's own clock. One that the beginning of summer time leaves out comes an hour later, one that its
 * end repeats comes once. Milliseconds since the epoch.
 */
export class CronTimes {
  readonly #cron: Cron;

  /** Throws what croner says of an expression or a zone that is none. */
  constructor(expression: string, timeZone: string) {
    this.#cron = new Cron(expression, { mode: "5-part", timezone: timeZone });
  }

  /** The first after `after`. */
  next(after: number): number | undefined {
    for (const time of this.#from(after - LEAD)) if (time > after) return time;
    return undefined;
  }

  /** The last until `until`, itself included, of the nine years before it: the 29th of February can be eight years away. */
  last(until: number): number | undefined {
    for (const span of SPANS) {
      let found: number | undefined;
      for (const time of this.#from(until - span)) {
        if (time > until) break;
        found = time;
      }
      if (found !== undefined) return found;
    }
    return undefined;
  }

  *#from(start: number): Generator<number> {
    for (let after = start; ;) {
      const time = this.#cron.nextRun(new Date(after))?.getTime();
      if (time === undefined) return;
      if (time > after) yield time;
      // One that is over: the hour that it was asked in is stepped over.
      after = time > after ? time : after + HOUR;
    }
  }
}
