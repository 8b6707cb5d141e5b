import { expect, test } from "vitest";
import { ProbePace } from "./pace.ts";

test("one that has just started is asked within 5 ms, and less often the longer it takes", () => {
  const pace = new ProbePace();
  pace.enter();
  expect([0, 19, 20, 1999, 2000, 9999, 10_000].map((since) => pace.interval(since))).toEqual([1, 1, 3, 3, 20, 20, 50]);
});

test("many that start share a budget, and give their share back once", () => {
  const pace = new ProbePace();
  const leave = Array.from({ length: 41 }, () => pace.enter());
  expect([pace.starting, pace.interval(0)]).toEqual([41, 100]);
  for (const one of leave) {
    one();
    one();
  }
  pace.enter();
  expect(pace.interval(0)).toBe(1);
});
