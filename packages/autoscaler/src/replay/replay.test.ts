import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAutoscalerConfig } from "../config.ts";
import { revisionScaling } from "../revision-scaling.ts";
import type { Policy } from "../strategies/parse-policy.ts";
import type { LoadSecond } from "./load-record.ts";
import { replay, type Outcome } from "./replay.ts";

const START = Date.UTC(2026, 2, 4, 7, 50) / 1000;
const steady = (from: number, length: number, requests: number, work: number): LoadSecond[] =>
  Array.from({ length }, (_, index) => ({ second: START + from + index, requests, work }));

interface Asked {
  annotations?: Record<string, string>;
  policy?: Policy;
  containerConcurrency?: number;
  load: LoadSecond[];
  until: number;
  cold?: number;
}

function outcome({ annotations = {}, policy = {}, containerConcurrency = 0, load, until, cold = 0.5 }: Asked): Outcome {
  const own = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`autoscaling.knative.dev/${key}`, value]));
  const scaling = revisionScaling(parseAutoscalerConfig({}), { annotations: own, containerConcurrency, policy });
  const options = {
    scaling,
    containerConcurrency,
    starts: { cold, prepared: 0.05, frozen: 0.005 },
    load,
    from: START,
    until: START + until,
  };
  for (const run = replay(options); ;) {
    const step = run.next();
    if (step.done) return step.value;
  }
}

describe("replay", () => {
  test("without requests and without a minimum nothing runs", () => {
    expect(outcome({ load: [], until: 3600 })).toMatchObject({ instanceSeconds: 0, peak: 0, waited: 0, starts: { cold: 0 } });
  });

  test("a minimum runs all the time, and nobody waits", () => {
    const { instanceSeconds, waited, starts } = outcome({ policy: { min: 2 }, load: steady(100, 10, 5, 0.1), until: 3600 });
    expect(instanceSeconds).toBe(7200);
    expect([waited, starts.cold]).toEqual([0, 0]);
  });

  test("one request waits for its start, and the instance stays for the window", () => {
    const one = outcome({ load: steady(100, 1, 1, 0.02), until: 3600 });
    expect(one).toMatchObject({
      waited: 1,
      waitingSeconds: 0.5,
      longestWakeSeconds: 0.5,
      starts: { cold: 1, prepared: 0, frozen: 0 },
      peak: 1,
    });
    expect(one.instanceSeconds).toBeGreaterThanOrEqual(60);
    expect(one.instanceSeconds).toBeLessThan(70);
  });

  test("a longer window costs instance-seconds and saves cold starts", () => {
    const load = Array.from({ length: 10 }, (_, index) => steady(index * 120, 1, 1, 0.02)).flat();
    const short = outcome({ annotations: { window: "60s" }, load, until: 1200 });
    const long = outcome({ annotations: { window: "180s" }, load, until: 1200 });
    expect([short.starts.cold, long.starts.cold]).toEqual([10, 1]);
    expect([short.waitingSeconds, long.waitingSeconds]).toEqual([5, 0.5]);
    expect(long.instanceSeconds).toBeGreaterThan(short.instanceSeconds * 1.5);
  });

  test("frozen, it wakes in milliseconds; what is kept is told apart from what runs", () => {
    const load = [...steady(0, 1, 1, 0.02), ...steady(600, 1, 1, 0.02)];
    const frozen = outcome({ policy: { idle: "frozen" }, load, until: 1200 });
    expect(frozen.starts).toEqual({ cold: 1, prepared: 0, frozen: 1 });
    expect(frozen.waitingSeconds).toBeCloseTo(0.505);
    expect(frozen.keptSeconds).toBeGreaterThan(1000);
  });

  test("prepared, it wakes in its own time, and one is kept all the while", () => {
    const load = [...steady(0, 1, 1, 0.02), ...steady(600, 1, 1, 0.02)];
    const prepared = outcome({ policy: { idle: "prepared" }, load, until: 1200 });
    expect(prepared).toMatchObject({ starts: { cold: 0, prepared: 2, frozen: 0 }, keptSeconds: 1200 });
    expect(prepared.waitingSeconds).toBeCloseTo(0.1);
  });

  test("those that arrive during a start wait for the rest of it", () => {
    // One at the beginning of the second waits for all of the half second, the 99 others for a quarter on average, those of them that came within it.
    const { waited, waitingSeconds } = outcome({ load: steady(0, 1, 100, 1), until: 60 });
    expect(waited).toBeCloseTo(1 + 99 / 2, -1);
    expect(waitingSeconds).toBeCloseTo(0.5 + (99 / 2) * 0.25, 1);
  });

  test("a maximum that is too small makes a line; without the maximum it scales", () => {
    // 30 at once, ten for each instance.
    const load = steady(0, 300, 300, 30);
    const tight = outcome({ policy: { max: 2 }, containerConcurrency: 10, load, until: 300 });
    const free = outcome({ containerConcurrency: 10, load, until: 300 });
    expect(tight.peak).toBe(2);
    expect(free.peak).toBeGreaterThanOrEqual(4);
    expect(tight.waitingSeconds).toBeGreaterThan(free.waitingSeconds * 20);
  });

  test("a smaller target runs more instances", () => {
    const load = steady(0, 300, 300, 30);
    const wide = outcome({ annotations: { target: "100" }, load, until: 300 });
    const narrow = outcome({ annotations: { target: "5" }, load, until: 300 });
    expect(wide.peak).toBe(1);
    expect(narrow.peak).toBeGreaterThanOrEqual(8);
  });

  test("cron windows run on the clock of the record", () => {
    const strategies = [{ type: "cron" as const, start: "0 8 * * *", end: "10 8 * * *", timezone: "UTC", replicas: 3 }];
    const { peak, instanceSeconds } = outcome({ policy: { strategies }, load: [], until: 3600 });
    expect(peak).toBe(3);
    expect(instanceSeconds).toBeGreaterThanOrEqual(3 * 600);
    expect(instanceSeconds).toBeLessThan(3 * 700);
  });

  test("whatever the load: bounds hold, and waiting is finite and not negative", () => {
    const second = fc.record({
      second: fc.integer({ min: 0, max: 400 }),
      requests: fc.integer({ min: 0, max: 500 }),
      work: fc.float({ min: 0, max: 80, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(second, { selector: (each) => each.second, maxLength: 60 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 20 }),
        (seconds, min, containerConcurrency) => {
          const load = seconds.sort((a, b) => a.second - b.second).map((each) => ({ ...each, second: START + each.second }));
          const found = outcome({ policy: { min, max: 5 }, containerConcurrency, load, until: 500 });
          const requests = load.reduce((sum, each) => sum + each.requests + Math.ceil(each.work), 0);
          expect(found.peak).toBeLessThanOrEqual(5);
          expect(found.instanceSeconds).toBeGreaterThanOrEqual(min * 500);
          expect(found.instanceSeconds).toBeLessThanOrEqual(5 * 500);
          expect(found.waitingSeconds).toBeGreaterThanOrEqual(0);
          expect(found.waited).toBeLessThanOrEqual(requests);
        },
      ),
      { numRuns: 30 },
    );
  });
});
