import { expect, test } from "vitest";
import { age } from "./age.ts";

const NOW = Date.UTC(2026, 5, 1);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// The steps of k8s.io/apimachinery duration.HumanDuration.
test.each([
  [119_000, "119s"],
  [2 * MINUTE, "2m"],
  [9 * MINUTE + 30_000, "9m30s"],
  [179 * MINUTE, "179m"],
  [3 * HOUR + 5 * MINUTE, "3h5m"],
  [47 * HOUR, "47h"],
  [7 * DAY + 3 * HOUR, "7d3h"],
  [400 * DAY, "400d"],
  [800 * DAY, "2y70d"],
  [-5000, "0s"],
])("%i ms is %s", (elapsed, expected) => {
  expect(age(new Date(NOW - elapsed).toISOString(), NOW)).toBe(expected);
});

test("no time is no age", () => {
  expect(age(undefined, NOW)).toBe("<unknown>");
});
