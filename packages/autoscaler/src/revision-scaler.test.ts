import { describe, expect, test } from "vitest";
import { parseAutoscalerConfig } from "./config.ts";
import { RevisionScaler, type ScalerInputs } from "./revision-scaler.ts";
import { revisionScaling } from "./revision-scaling.ts";

function scaling(annotations: Record<string, string> = {}) {
  const prefixed = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`autoscaling.knative.dev/${key}`, value]));
  return revisionScaling(parseAutoscalerConfig({}), { annotations: prefixed, containerConcurrency: 0 });
}
const at = (now: number, ready: number, more: Partial<ScalerInputs> = {}): ScalerInputs => ({
  now,
  wallTime: now,
  ready,
  reachable: true,
  initialized: true,
  activationTimeout: 150_000,
  ...more,
});
const ASLEEP = { instances: 0, ready: 0 };

/** Ticks each 2 s up to and with `until`; returns the first time the count was `count`. */
function firstTime(scaler: RevisionScaler, count: number, span: { from: number; until: number; ready: number }): number | undefined {
  for (let now = span.from; now <= span.until; now += 2000) if (scaler.decide(at(now, span.ready)).desired === count) return now;
  return undefined;
}

describe("RevisionScaler", () => {
  test("asleep, it stays asleep", () => {
    const scaler = new RevisionScaler(scaling(), 0, ASLEEP);
    expect(scaler.decide(at(2000, 0)).desired).toBe(0);
  });

  test("a request wakes it at once, without a tick", () => {
    const scaler = new RevisionScaler(scaling(), 0, ASLEEP);
    expect(scaler.wake(at(500, 0))).toMatchObject({ desired: 1, previous: 0, cause: "wake" });
    expect(scaler.activity.phase).toBe("activating");
    expect(scaler.decide(at(2000, 0)).desired).toBe(1);
  });

  test("waking goes to activation-scale or min-scale, and never above max-scale", () => {
    expect(new RevisionScaler(scaling({ "activation-scale": "3" }), 0, ASLEEP).wake(at(1, 0)).desired).toBe(3);
    expect(new RevisionScaler(scaling({ "min-scale": "2" }), 0, ASLEEP).wake(at(1, 0)).desired).toBe(2);
    expect(new RevisionScaler(scaling({ "activation-scale": "3", "max-scale": "2" }), 0, ASLEEP).wake(at(1, 0)).desired).toBe(2);
  });

  test("asleep again a window after the last request, not before", () => {
    const scaler = new RevisionScaler(scaling(), 0, ASLEEP);
    scaler.wake(at(0, 0));
    scaler.decide(at(2000, 1));
    for (let now = 0; now < 90_000; now += 1000) scaler.record(now, { concurrency: 1, requests: 1 });
    expect(firstTime(scaler, 0, { from: 4000, until: 300_000, ready: 1 })).toBe(150_000);
    expect(scaler.decisions.at(-1)).toMatchObject({ cause: "idle", desired: 0, previous: 1 });
  });

  test("after a restart what runs is kept for a whole window without data", () => {
    const scaler = new RevisionScaler(scaling(), 1_000_000, { instances: 3, ready: 3 });
    expect(scaler.desired).toBe(3);
    expect(scaler.decide(at(1_002_000, 3), "start").desired).toBe(3);
    expect(firstTime(scaler, 0, { from: 1_004_000, until: 1_500_000, ready: 1 })).toBeGreaterThanOrEqual(1_060_000);
  });

  test("while the metrics cannot be seen, silence proves nothing", () => {
    const scaler = new RevisionScaler(scaling(), 0, { instances: 1, ready: 1 });
    scaler.blind(50_000);
    expect(firstTime(scaler, 0, { from: 52_000, until: 500_000, ready: 1 })).toBe(110_000);
  });

  test("a new revision keeps its initial scale until it has once been ready", () => {
    const scaler = new RevisionScaler(scaling({ "initial-scale": "2" }), 0, ASLEEP);
    expect(scaler.decide(at(0, 0, { initialized: false }))).toMatchObject({ desired: 2, cause: "initial-scale" });
    expect(scaler.decide(at(600_000, 0, { initialized: false })).desired).toBe(2);
    expect(scaler.decide(at(602_000, 2)).desired).toBeGreaterThan(0);
  });

  test("a new revision that no route leads to has no initial scale", () => {
    const scaler = new RevisionScaler(scaling({ "initial-scale": "2" }), 0, ASLEEP);
    expect(scaler.decide(at(0, 0, { initialized: false, reachable: false })).desired).toBe(0);
  });

  test("min-scale holds a reachable revision up and lets an unreachable one sleep", () => {
    const scaler = new RevisionScaler(scaling({ "min-scale": "2" }), 0, { instances: 2, ready: 2 });
    expect(scaler.decide(at(200_000, 2))).toMatchObject({ desired: 2, cause: "min-scale" });
    expect(scaler.decide(at(202_000, 2, { reachable: false })).desired).toBe(0);
  });

  test("an activation that never succeeds is given up when nobody waits any more", () => {
    const scaler = new RevisionScaler(scaling(), 0, ASLEEP);
    scaler.wake(at(0, 0));
    expect(firstTime(scaler, 0, { from: 2000, until: 400_000, ready: 0 })).toBe(150_000);
    expect(scaler.decisions.at(-1)?.cause).toBe("activation-timeout");
    expect(scaler.wake(at(401_000, 0)).desired).toBe(1);
  });

  test("a failed revision goes to zero whatever its bounds", () => {
    const scaler = new RevisionScaler(scaling({ "min-scale": "2" }), 0, { instances: 2, ready: 0 });
    expect(scaler.fail(at(1000, 0), "it never became ready")).toMatchObject({
      desired: 0,
      cause: "failed",
      reason: "it never became ready",
    });
  });

  test("rps is its own metric", () => {
    const scaler = new RevisionScaler(scaling({ metric: "rps", target: "10" }), 0, { instances: 1, ready: 1 });
    for (let now = 1000; now <= 10_000; now += 1000) scaler.record(now, { concurrency: 0.1, requests: 21 });
    expect(scaler.decide(at(10_000, 1)).desired).toBe(3);
  });

  test("the journal tells of changes with their inputs, and is bounded", () => {
    const scaler = new RevisionScaler(scaling(), 0, ASLEEP);
    for (let now = 0; now < 60_000; now += 2000) scaler.decide(at(now, 0));
    expect(scaler.decisions).toHaveLength(1);
    expect(scaler.decisions[0]).toMatchObject({ time: 0, until: 58_000, reason: "no traffic for 60 s: asleep" });
    for (let round = 0; round < 100; round++) {
      scaler.wake(at(100_000 + round, 0));
      scaler.fail(at(100_000 + round, 0), "no");
    }
    expect(scaler.decisions).toHaveLength(50);
  });
});
