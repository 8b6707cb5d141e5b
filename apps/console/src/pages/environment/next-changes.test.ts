import { expect, test } from "vitest";
import { cronTimes } from "../../ui/cron-times.ts";
import { nextChanges } from "./next-changes.ts";

/** A Friday, noon in Berlin. */
const now = Date.parse("2026-11-27T11:00:00Z");
const timeZone = "Europe/Berlin";

test("tells what comes next, by the schedule's own clock, over the weekend too", () => {
  expect(nextChanges({ sleep: ["0 20 * * 1-5"], wake: ["0 7 * * 1-5"], timeZone }, now)).toEqual({
    changes: [
      { to: "sleep", at: "2026-11-27T19:00:00.000Z" },
      { to: "wake", at: "2026-11-30T06:00:00.000Z" },
      { to: "sleep", at: "2026-11-30T19:00:00.000Z" },
      { to: "wake", at: "2026-12-01T06:00:00.000Z" },
    ],
  });
});

test.each([
  ["0 25 * * *", timeZone],
  ["0 20 * *", timeZone],
  ["0 0 20 * * *", timeZone],
  ["0 20 * * *", "Europe/Nowhere"],
])("says that %j in %s is none", (expression, zone) => {
  expect(cronTimes(expression, { timeZone: zone, now, count: 1 })).toEqual({ fault: expect.stringMatching(/.{10}/) });
  expect(nextChanges({ sleep: [expression], wake: ["0 7 * * *"], timeZone: zone }, now)).toMatchObject({ of: expression });
});
