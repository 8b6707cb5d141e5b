import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MetricWindow } from "./metric-window.ts";

describe("MetricWindow", () => {
  test("a partial window divides by the seconds since the first sample", () => {
    const window = new MetricWindow(60_000);
    window.record(10_000, 4);
    expect(window.average(10_900)).toBe(4);
    window.record(11_000, 2);
    expect(window.average(11_500)).toBe(3);
  });

  test("seconds without a sample count as 0", () => {
    const window = new MetricWindow(60_000);
    window.record(0, 8);
    expect(window.average(4_000)).toBe(2);
  });

  test("the second under way is not taken for a silent one", () => {
    const window = new MetricWindow(60_000);
    window.record(0, 8);
    expect(window.average(1_999)).toBe(8);
  });

  test("samples of one second are added up", () => {
    const window = new MetricWindow(60_000);
    window.record(100, 1);
    window.record(900, 2);
    expect(window.average(999)).toBe(3);
  });

  test("a full window divides by its length, and what is older is forgotten", () => {
    const window = new MetricWindow(10_000);
    for (let second = 0; second < 30; second++) window.record(second * 1000, second < 20 ? 100 : 1);
    expect(window.average(29_000)).toBe(1);
    expect(window.isEmpty(39_000)).toBe(true);
    expect(window.average(39_000)).toBe(0);
  });

  test("after a silent window the next burst is averaged from its own beginning", () => {
    const window = new MetricWindow(10_000);
    window.record(0, 1);
    window.record(50_000, 9);
    expect(window.average(50_000)).toBe(9);
  });

  test("a shorter window is read from the same buckets", () => {
    const window = new MetricWindow(60_000);
    for (let second = 0; second < 60; second++) window.record(second * 1000, second < 54 ? 0 : 6);
    expect(window.average(59_000, 6000)).toBe(6);
    expect(window.average(59_000)).toBe(0.6);
  });

  test("property: an average is between 0 and the largest second, and 0 when the window is empty", () => {
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
        expect(average).toBeGreaterThanOrEqual(0);
        expect(average).toBeLessThanOrEqual(total + 1e-6);
        if (window.isEmpty(now + later)) expect(average).toBe(0);
      }),
    );
  });
});
