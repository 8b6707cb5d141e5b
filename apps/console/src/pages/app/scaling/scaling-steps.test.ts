import type { ScalingDecision } from "@ebb/api";
import { expect, test } from "vitest";
import { linesOf, stepsOf } from "./scaling-steps.ts";

const at = (second: number) => Date.UTC(2026, 0, 1, 0, 0, second);
const decided = (second: number, desired: number) => ({ time: new Date(at(second)).toISOString(), desired }) as ScalingDecision;

test("nothing decided, nothing drawn", () => expect(stepsOf([], at(0))).toEqual([]));

test("each holds until the next, the last one until now", () => {
  expect(stepsOf([decided(9, 0), decided(1, 1), decided(4, 3)], at(20))).toEqual([
    { from: at(1), to: at(4), count: 1 },
    { from: at(4), to: at(9), count: 3 },
    { from: at(9), to: at(20), count: 0 },
  ]);
});

test("the same count again, for another reason, is one step", () => {
  expect(stepsOf([decided(1, 1), decided(4, 1), decided(6, 2)], at(7))).toEqual([
    { from: at(1), to: at(6), count: 1 },
    { from: at(6), to: at(7), count: 2 },
  ]);
});

test("a clock that is behind the cluster's does not turn time back", () => {
  expect(stepsOf([decided(5, 1)], at(2))).toEqual([{ from: at(5), to: at(5), count: 1 }]);
});

test("several versions share the times at which any of them changes", () => {
  const first = [
    { from: 1000, to: 3000, count: 2 },
    { from: 3000, to: 5000, count: 0 },
  ];
  expect(linesOf([first, [{ from: 2000, to: 5000, count: 1 }]])).toEqual({
    times: [1, 2, 3, 5],
    values: [
      [2, 2, 0, 0],
      [null, 1, 1, 1],
    ],
  });
});
