import type { Schedule } from "@ebb/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkSchedule, lastChange, nextChange, type Change } from "./schedule.ts";

const at = (text: string) => Date.parse(text);
const words = (change: Change | undefined) => change && `${change.to} ${new Date(change.at).toISOString().replace(":00.000Z", "Z")}`;
const NIGHTS: Schedule = { timeZone: "Europe/Berlin", sleep: ["0 20 * * 1-5"], wake: ["0 7 * * 1-5"], onRequest: "wake" };
/** In the hour that the clock leaves out in spring and repeats in autumn. */
const CHANGING: Schedule = { ...NIGHTS, sleep: ["30 2 * * *"], wake: ["0 7 * * *"] };

describe("a schedule", () => {
  test.each<[string, Schedule, string, string, string]>([
    ["sleeps at night", NIGHTS, "2026-07-01T18:00:00Z", "sleep 2026-07-01T18:00Z", "wake 2026-07-02T05:00Z"],
    ["wakes in the morning", NIGHTS, "2026-07-02T05:00:00Z", "wake 2026-07-02T05:00Z", "sleep 2026-07-02T18:00Z"],
    ["follows its zone in winter", NIGHTS, "2026-01-07T06:00:00Z", "wake 2026-01-07T06:00Z", "sleep 2026-01-07T19:00Z"],
    ["sleeps over the weekend", NIGHTS, "2026-07-05T10:00:00Z", "sleep 2026-07-03T18:00Z", "wake 2026-07-06T05:00Z"],
    ["comes an hour later where the clock skips it", CHANGING, "2026-03-29T01:30:00Z", "sleep 2026-03-29T01:30Z", "wake 2026-03-29T05:00Z"],
    ["has not come before that", CHANGING, "2026-03-29T01:00:00Z", "wake 2026-03-28T06:00Z", "sleep 2026-03-29T01:30Z"],
    ["comes once where the clock repeats it", CHANGING, "2026-10-25T00:30:00Z", "sleep 2026-10-25T00:30Z", "wake 2026-10-25T06:00Z"],
    ["does not come again an hour later", CHANGING, "2026-10-25T01:15:00Z", "sleep 2026-10-25T00:30Z", "wake 2026-10-25T06:00Z"],
  ])("%s", (...row) => {
    const [, schedule, now, last, next] = row;
    expect([words(lastChange(schedule, at(now))), words(nextChange(schedule, at(now)))]).toEqual([last, next]);
  });

  test("never runs backwards, and what comes next is what came last once its time is there", () => {
    const year = { min: at("2026-01-01T00:00:00Z"), max: at("2027-01-01T00:00:00Z") };
    const zone = fc.constantFrom("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "UTC");
    fc.assert(
      fc.property(
        fc.integer(year),
        zone,
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        (now, timeZone, hour, minute) => {
          const schedule = { ...NIGHTS, timeZone, sleep: [`${minute} ${hour} * * *`] };
          const last = lastChange(schedule, now);
          const next = nextChange(schedule, now);
          expect(last?.at).toBeLessThanOrEqual(now);
          expect(next?.at).toBeGreaterThan(now);
          expect(lastChange(schedule, next?.at ?? 0)).toEqual(next);
        },
      ),
      { numRuns: 100 },
    );
  });

  test.each<[string, Partial<Schedule>]>([
    ["of no cron expression", { sleep: ["at night"] }],
    ["of a time that never comes", { wake: ["0 0 30 2 *"] }],
    ["in a zone that is none", { timeZone: "Europe/Atlantis" }],
    ["that sleeps and wakes at once", { sleep: ["0 7 * * *"], wake: ["0 7 * * *"] }],
  ])("%s is refused", (...row) => {
    expect(() => checkSchedule({ ...NIGHTS, ...row[1] }, at("2026-01-01T00:00:00Z"))).toThrow(/schedule|time to sleep/);
  });
});
