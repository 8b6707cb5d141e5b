import { describe, expect, test } from "vitest";
import { isOpen, type CronStrategy } from "./cron-window.ts";

const cron = (start: string, end: string, timezone = "UTC"): CronStrategy => ({ type: "cron", start, end, timezone, replicas: 1 });
const OFFICE = cron("0 8 * * 1-5", "0 20 * * 1-5");
const BERLIN = cron("0 8 * * *", "0 20 * * *", "Europe/Berlin");
/** On the last Sunday of March the clocks go from 02:00 to 03:00, on that of October from 03:00 back to 02:00. */
const NIGHT = cron("30 2 * * *", "0 4 * * *", "Europe/Berlin");
/** On the first Sunday of November the clocks of New York go from 02:00 back to 01:00, 06:00 UTC. */
const SUNDAY = cron("15 1 * * 0", "0 4 * * *", "America/New_York");
const OVERNIGHT = cron("0 22 * * *", "0 6 * * *");
/** Starts again each hour, and ends once a day. */
const RESTARTING = cron("0 8-18 * * *", "0 20 * * *");

describe("isOpen", () => {
  test.each<[string, CronStrategy, string, boolean]>([
    ["the moment of the start is in it", OFFICE, "2026-03-04T08:00:00.000Z", true],
    ["a millisecond earlier is not", OFFICE, "2026-03-04T07:59:59.999Z", false],
    ["the moment of the end is not", OFFICE, "2026-03-04T20:00:00.000Z", false],
    ["a millisecond earlier is", OFFICE, "2026-03-04T19:59:59.999Z", true],
    ["not at the weekend", OFFICE, "2026-03-07T12:00:00Z", false],
    ["over midnight", OVERNIGHT, "2026-03-04T02:00:00Z", true],
    ["and closed by day", OVERNIGHT, "2026-03-04T12:00:00Z", false],
    ["another start within it changes nothing", RESTARTING, "2026-03-04T12:30:00Z", true],
    ["winter: 08:00 in Berlin is 07:00 UTC", BERLIN, "2026-01-15T07:00:00Z", true],
    ["and not before", BERLIN, "2026-01-15T06:59:59Z", false],
    ["summer: 06:00 UTC", BERLIN, "2026-07-15T06:00:00Z", true],
    ["and 20:00 is 18:00 UTC", BERLIN, "2026-07-15T18:00:00Z", false],
    ["the day the clocks go forward it is open at 08:00 local, 06:00 UTC", BERLIN, "2026-03-29T06:00:00Z", true],
    ["and not at 05:59 UTC", BERLIN, "2026-03-29T05:59:59Z", false],
    ["a start that is skipped is taken after the gap", NIGHT, "2026-03-29T01:45:00Z", true],
    ["and not before", NIGHT, "2026-03-29T01:15:00Z", false],
    ["a start before the repeated hour is not forgotten in it", SUNDAY, "2026-11-01T06:05:00Z", true],
    ["and ends at 04:00 local, 02:00 UTC", NIGHT, "2026-03-29T02:00:00Z", false],
    ["a start that comes twice counts the first time (00:30 UTC)", NIGHT, "2026-10-25T00:45:00Z", true],
    ["and lasts through the repeated hour", NIGHT, "2026-10-25T02:30:00Z", true],
    ["until 04:00 local, 03:00 UTC", NIGHT, "2026-10-25T03:00:00Z", false],
  ])("%s", (_, strategy, time, open) => expect(isOpen(strategy, Date.parse(time))).toBe(open));

  test("asked each half minute it changes with the minute", () => {
    const at = (time: string) => isOpen(OFFICE, Date.parse(`2026-03-04T${time}Z`));
    expect(["07:59:00", "07:59:30", "08:00:00", "08:00:30"].map(at)).toEqual([false, false, true, true]);
  });
});
