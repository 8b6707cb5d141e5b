import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MetricWindow, type Aggregation } from "./metric-window.ts";

type Step = { record: number; value: number } | { at: number; average: number } | { resize: number; now: number };

/** Times in seconds. */
function run(window: number, steps: readonly Step[], aggregation?: Aggregation): { at: number; average: number }[] {
  const metric = new MetricWindow(window * 1000, aggregation);
  return steps.flatMap((step) => {
    if ("record" in step) metric.record(step.record * 1000, step.value);
    else if ("resize" in step) metric.resize(step.resize * 1000, step.now * 1000);
    else return [{ at: step.at, average: metric.average(step.at * 1000) }];
    return [];
  });
}
const rising = (from: number, count: number): Step[] =>
  Array.from({ length: count }, (_, index) => ({ record: from + index, value: index + 1 }));
const T = 1_000_000;

describe("MetricWindow, by the cases of knative's bucketing_test.go", () => {
  test.each<[string, number, Step[]]>([
    [
      "the first sample alone is its own average",
      5,
      [
        { record: T, value: 1 },
        { at: T, average: 1 },
      ],
    ],
    ["a full window divides by its length", 5, [...rising(T, 5), { at: T + 4, average: 3 }]],
    ["a `now` that lags behind changes nothing", 5, [...rising(T, 5), { at: T + 3.6, average: 3 }]],
    ["a short hole is left out, not counted as 0", 5, [...rising(T, 5), { at: T + 6, average: 4 }]],
    ["a long hole is 0", 5, [...rising(T, 5), { at: T + 10, average: 0 }]],
    ["a write after a hole counts the hole as 0", 5, [...rising(T, 5), { record: T + 6, value: 91 }, { at: T + 6, average: 20.6 }]],
    ["a write after a whole window begins anew", 5, [...rising(T, 5), { record: T + 60, value: 1984 }, { at: T + 60, average: 1984 }]],
    [
      "an earlier sample moves the beginning back",
      5,
      [
        { record: T, value: 1984 },
        { record: T - 3, value: 4 },
        { at: T, average: 497 },
      ],
    ],
    [
      "and may fill a second in between; one that is too early is ignored",
      5,
      [
        { record: T, value: 1984 },
        { record: T - 3, value: 4 },
        { record: T + 1, value: 5 },
        { at: T + 1, average: 398.6 },
        { record: T - 2, value: 10 },
        { at: T + 1, average: 400.6 },
        { record: T - 5, value: 10 },
        { at: T + 1, average: 400.6 },
      ],
    ],
    [
      "samples in descending order",
      5,
      [...Array.from({ length: 9 }, (_, index) => ({ record: T + 8 - index, value: 5 })), { at: T + 5, average: 5 }],
    ],
    [
      "samples of one second are added up",
      60,
      [
        { record: T, value: 1 },
        { record: T + 0.1, value: 10 },
        { at: T, average: 11 },
      ],
    ],
    [
      "a longer window keeps the samples, and the average",
      5,
      [...rising(T, 6), { at: T + 5, average: 4 }, { resize: 10, now: T + 5 }, { at: T + 5, average: 4 }],
    ],
    ["and takes one more", 5, [...rising(T, 6), { resize: 10, now: T + 5 }, { record: T + 6, value: 7 }, { at: T + 6, average: 4.5 }]],
    [
      "a shorter window keeps the newest",
      5,
      [...rising(T, 6), { resize: 10, now: T + 5 }, { record: T + 6, value: 7 }, { resize: 4, now: T + 6 }, { at: T + 6, average: 5.5 }],
    ],
    [
      "a resize after the window forgets",
      5,
      [
        { record: T, value: 19.82 },
        { resize: 10, now: T + 60 },
        { at: T + 60, average: 0 },
      ],
    ],
    [
      "what cancels out is zero: averages are cut after six digits",
      60,
      [
        { record: T, value: 3.6e-17 },
        { at: T, average: 0 },
      ],
    ],
    [
      "they are cut, not rounded",
      60,
      [
        { record: T, value: 2 },
        { record: T + 2, value: 0 },
        { at: T + 2, average: 0.666_666 },
      ],
    ],
  ])("%s", (_, window, steps) => {
    expect(run(window, steps)).toEqual(steps.filter((step) => "at" in step));
  });

  test("weighted: five seconds, smoothed by 1 - 0.0001^(1/5)", () => {
    const [full, later] = run(5, [...rising(T, 5), { at: T + 4, average: 0 }, { at: T + 5, average: 0 }], "weighted-exponential");
    const coefficient = 1 - 0.0001 ** (1 / 5);
    const weights = [0, 1, 2, 3, 4].map((index) => coefficient * (1 - coefficient) ** index);
    expect(full?.average).toBeCloseTo(
      weights.reduce((sum, weight, index) => sum + weight * (5 - index), 0),
      12,
    );
    expect(later?.average).toBeLessThan(full?.average ?? 0);
  });
});

test("a window is empty only after more than its length", () => {
  const window = new MetricWindow(10_000);
  expect(window.isEmpty(0)).toBe(true);
  window.record(29_000, 1);
  expect(window.isEmpty(39_000)).toBe(false);
  expect(window.isEmpty(40_000)).toBe(true);
});

test("property: an average is between 0 and what was recorded, and 0 when the window is empty", () => {
  const samples = fc.array(fc.record({ gap: fc.nat(20_000), value: fc.double({ min: 0, max: 1000, noNaN: true }) }), { maxLength: 60 });
  fc.assert(
    fc.property(samples, fc.nat(70_000), (series, later) => {
      const window = new MetricWindow(60_000);
      let now = 0;
      let total = 0;
      for (const { gap, value } of series) {
        now += gap;
        total += value;
        window.record(now, value);
      }
      const average = window.average(now + later);
      // Sums of floats that do not cancel out quite are cut downwards.
      expect(average).toBeGreaterThanOrEqual(-1e-6);
      expect(average).toBeLessThanOrEqual(total + 1e-6);
      if (window.isEmpty(now + later)) expect(average).toBe(0);
    }),
  );
});
