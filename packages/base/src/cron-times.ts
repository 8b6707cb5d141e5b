import { Cron } from "croner";

const SECOND = 1000;
const HOUR = 3_600_000;
/** How far back the last time is looked for. */
const NINE_YEARS = 9 * 366 * 24 * HOUR;
/** Around a change of the clocks croner is asked from well before: in the hours beside one it forgets times, or gives some that are over. */
const LEAD = 3 * HOUR;

/**
 * Times of a cron expression of five fields by a zone's own clock. One that the beginning of summer time leaves out comes an hour later, one that its
 * end repeats comes once. Milliseconds since the epoch.
 */
export class CronTimes {
  readonly #cron: Cron;
  readonly #offset: Intl.DateTimeFormat;

  /** Throws what croner says of an expression, or Intl of a zone, that is none. */
  constructor(expression: string, timeZone: string) {
    this.#cron = new Cron(expression, { mode: "5-part", timezone: timeZone, paused: true });
    this.#offset = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset", year: "numeric" });
  }

  /** The first after `after`. */
  next(after: number): number | undefined {
    return this.#after(after).next().value;
  }

  /** The last until `until`, itself included, of the nine years before it: the 29th of February can be eight years away. */
  last(until: number): number | undefined {
    const comesIn = (after: number) => (this.next(after) ?? Infinity) <= until;
    if (!this.#changesNear(until)) {
      const found = this.#previous(until);
      if (found !== undefined) return found;
    }
    let [low, high] = [until - NINE_YEARS, until];
    if (!comesIn(low)) return undefined;
    while (high - low > HOUR) {
      const middle = low + Math.floor((high - low) / 2);
      if (comesIn(middle)) low = middle;
      else high = middle;
    }
    let found: number | undefined;
    for (const time of this.#after(low)) {
      if (time > until) break;
      found = time;
    }
    return found;
  }

  /** All after `after`, in order. */
  *#after(after: number): Generator<number, undefined> {
    for (let from = this.#changesNear(after) ? after - LEAD : after; ;) {
      const time = this.#cron.nextRun(new Date(from))?.getTime();
      if (time === undefined) return undefined;
      if (time > after) yield time;
      // One that is over: the hour that it was asked in is stepped over.
      from = time > from ? time : from + HOUR;
    }
  }

  /** As croner finds it, which is far from any change of the clocks; it fails where the year has no such day. */
  #previous(until: number): number | undefined {
    try {
      return this.#cron.previousRuns(1, new Date((Math.floor(until / SECOND) + 1) * SECOND))[0]?.getTime();
    } catch {
      return undefined;
    }
  }

  #changesNear(time: number): boolean {
    return this.#offsetAt(time - LEAD) !== this.#offsetAt(time + LEAD);
  }

  #offsetAt(time: number): string | undefined {
    return this.#offset.formatToParts(time).find(({ type }) => type === "timeZoneName")?.value;
  }
}

/** Whether `time` lies in a window from each of `start`, included, to the next of `end`, excluded; where both come at once, it begins. */
export function isWithin(start: CronTimes, end: CronTimes, time: number): boolean {
  const started = start.last(time);
  const ended = end.last(time);
  return started !== undefined && (ended === undefined || started >= ended);
}
