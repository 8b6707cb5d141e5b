import { expect, test } from "vitest";
import { trialPause } from "./trial-pace.ts";

test.each([
  ["what has little to boot is tried each millisecond", 0, 1, 1],
  ["then each third", 20, 1, 3],
  ["and what has not accepted for two seconds fifty times a second", 2000, 1, 20],
  ["many share some three hundred a second", 0, 10, 30],
  ["and none is tried less often for that than ten times a second", 0, 1000, 100],
])("%s", (_, since, waiting, pause) => {
  expect(trialPause(since, waiting)).toBe(pause);
});
