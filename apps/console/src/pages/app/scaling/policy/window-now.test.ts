import { expect, test } from "vitest";
import { windowNow } from "./window-now.ts";

const OFFICE = { start: "0 8 * * 1-5", end: "0 20 * * 1-5", timezone: "Europe/Berlin" };
const [FRIDAY_NOON, SATURDAY_NOON] = [Date.parse("2026-11-27T11:00:00Z"), Date.parse("2026-11-28T11:00:00Z")];

test.each([
  ["is open until its end", OFFICE, FRIDAY_NOON, { from: null, until: "2026-11-27T19:00:00.000Z" }],
  [
    "comes after the weekend, by its own clocks",
    OFFICE,
    SATURDAY_NOON,
    { from: "2026-11-30T07:00:00.000Z", until: "2026-11-30T19:00:00.000Z" },
  ],
  [
    "is not open because its end comes before its start: it began on Monday alone",
    { ...OFFICE, start: "0 8 * * 1", end: "0 20 * * *" },
    SATURDAY_NOON,
    { from: "2026-11-30T07:00:00.000Z", until: "2026-11-30T19:00:00.000Z" },
  ],
  ["is open in the minute that it begins", OFFICE, Date.parse("2026-11-27T07:00:00Z"), { from: null, until: "2026-11-27T19:00:00.000Z" }],
])("a window %s", (_, window, now, expected) => {
  expect(windowNow(window, now)).toEqual(expected);
});
