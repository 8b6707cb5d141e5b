import { Cron } from "croner";
import { describe, expect, test, vi } from "vitest";
import { CronTimes } from "./cron-times.ts";

const at = (time: string) => Date.parse(time);
const said = (time: number | undefined) => time && new Date(time).toISOString().replace(":00.000", "");

/** In Berlin the clocks go forward on 2026-03-29 at 01:00 UTC, back on 2026-10-25 at 01:00 UTC; in New York back on 2026-11-01 at 06:00 UTC. */
const BERLIN = "Europe/Berlin";
const NEW_YORK = "America/New_York";

/** What, expression and zone, the time that is asked about, and what is found. */
type Row = [string, [string, string], string, string | undefined];

describe("the last time", () => {
  test.each<Row>([
    ["is itself one", ["0 8 * * *", "UTC"], "2026-06-01T08:00:00Z", "2026-06-01T08:00Z"],
    ["of a minute that is not over", ["0 8 * * *", "UTC"], "2026-06-01T08:00:59.999Z", "2026-06-01T08:00Z"],
    ["before it comes is yesterday's", ["0 8 * * *", "UTC"], "2026-06-01T07:59:59.999Z", "2026-05-31T08:00Z"],
    ["over a weekend", ["0 8 * * 1-5", "UTC"], "2026-06-07T12:00:00Z", "2026-06-05T08:00Z"],
    ["that is skipped is not taken before the clocks have gone on", ["30 2 * * *", BERLIN], "2026-03-29T01:04:00Z", "2026-03-28T01:30Z"],
    ["that is skipped comes an hour later by the clock", ["30 2 * * *", BERLIN], "2026-03-29T01:30:00Z", "2026-03-29T01:30Z"],
    ["is not forgotten when its hour comes again", ["15 1 * * 0", NEW_YORK], "2026-11-01T06:05:00Z", "2026-11-01T05:15Z"],
    ["of many is the last before the repeated hour", ["*/30 * * * *", BERLIN], "2026-10-25T01:04:00Z", "2026-10-25T00:30Z"],
    ["of a day that few years have", ["0 0 29 2 *", "UTC"], "2026-06-01T00:00:00Z", "2024-02-29T00:00Z"],
    ["of a rare month", ["* * * 1 *", BERLIN], "2026-06-25T10:00:00Z", "2026-01-31T22:59Z"],
    ["of a rare month, while the clocks change", ["* * * 1 *", BERLIN], "2026-03-29T01:04:00Z", "2026-01-31T22:59Z"],
    ["of a day that no year has", ["0 0 31 2 *", "UTC"], "2026-06-01T00:00:00Z", undefined],
  ])("%s", (_, [expression, zone], until, expected) => {
    expect(said(new CronTimes(expression, zone).last(at(until)))).toBe(expected);
  });

  test.each(["* * * 1 *", "* * 1 * *", "0 8 * * *", "0 0 29 2 *"])("of %s is found without going through all between", (expression) => {
    const asked = vi.spyOn(Cron.prototype, "nextRun");
    for (const until of ["2026-06-25T10:00:00Z", "2026-03-29T01:04:00Z"]) new CronTimes(expression, BERLIN).last(at(until));
    expect(asked.mock.calls.length).toBeLessThan(500);
    asked.mockRestore();
  });
});

describe("the next time", () => {
  test.each<Row>([
    ["is not itself", ["0 8 * * *", "UTC"], "2026-06-01T08:00:00Z", "2026-06-02T08:00Z"],
    ["that is skipped comes an hour later by the clock", ["30 2 * * *", BERLIN], "2026-03-29T00:30:00Z", "2026-03-29T01:30Z"],
    ["comes once where its hour comes twice", ["30 2 * * *", BERLIN], "2026-10-25T00:30:00Z", "2026-10-26T01:30Z"],
    ["of a day that no year has", ["0 0 31 2 *", "UTC"], "2026-06-01T00:00:00Z", undefined],
  ])("%s", (_, [expression, zone], after, expected) => {
    expect(said(new CronTimes(expression, zone).next(at(after)))).toBe(expected);
  });
});

test("what is no expression, or no zone, is refused", () => {
  expect(() => new CronTimes("every day", "UTC")).toThrow();
  expect(() => new CronTimes("0 8 * * *", "Mars/Olympus")).toThrow(/Mars/);
});
