import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAutoscalerConfig } from "./config.ts";
import { applyBounds, boundsOf, initialMemory, recommend, toZero, type DeciderMemory, type Observation } from "./decide.ts";
import { revisionScaling, type RevisionScaling } from "./revision-scaling.ts";

function scaling(annotations: Record<string, string> = {}, concurrency = 10, data: Record<string, string> = {}): RevisionScaling {
  const prefixed = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`autoscaling.knative.dev/${key}`, value]));
  return revisionScaling(parseAutoscalerConfig(data), { annotations: prefixed, containerConcurrency: concurrency });
}
const CALM: DeciderMemory = { maxPanic: 0, recent: [] };
const seen = (stable: number, panic: number, ready: number, more: Partial<Observation> = {}): Observation => ({
  now: 100_000,
  stable,
  panic,
  ready,
  reachable: true,
  ...more,
});

describe("recommend", () => {
  // cc 10 at 70 %: 7 per instance.
  test.each([
    ["no load, no instance: nothing", seen(0, 0, 0), 0],
    ["one request on average: one", seen(1, 1, 1), 1],
    ["exactly the target: one", seen(7, 7, 1), 1],
    ["a little above the target: two", seen(7.1, 7.1, 2), 2],
    ["the stable window counts while calm, not the panic one", seen(20, 10, 3), 3],
    ["down at most by half a step", seen(1, 1, 10), 5],
    ["an unreachable revision goes down at once", seen(0, 0, 10, { reachable: false }), 0],
    ["the last of two instances may go to one, one to zero", seen(0, 0, 1), 0],
  ])("%s", (_, observation, desired) => {
    expect(recommend(scaling(), CALM, observation).desired).toBe(desired);
  });

  test("up at most by the scale-up rate, but always by one", () => {
    const slow = scaling({}, 10, { "max-scale-up-rate": "1.1" });
    expect(recommend(slow, CALM, seen(70, 0, 3))).toMatchObject({ desired: 4, heldBy: "scale-up-rate" });
  });

  test("a panic window of twice what is ready starts panic mode", () => {
    expect(recommend(scaling(), CALM, seen(1, 14, 1))).toMatchObject({ desired: 2, mode: "panic" });
    expect(recommend(scaling(), CALM, seen(1, 14, 2))).toMatchObject({ desired: 1, mode: "stable" });
  });

  test("panic never lowers the count, and ends after a whole stable window below the threshold", () => {
    const first = recommend(scaling(), CALM, seen(10, 70, 1, { now: 0 }));
    expect(first).toMatchObject({ desired: 10, mode: "panic" });
    const during = recommend(scaling(), first.memory, seen(7, 7, 10, { now: 60_000 }));
    expect(during).toMatchObject({ desired: 10, mode: "panic", heldBy: "panic" });
    const after = recommend(scaling(), during.memory, seen(7, 7, 10, { now: 60_001 }));
    expect(after).toMatchObject({ desired: 5, mode: "stable", heldBy: "scale-down-rate" });
  });

  test("a scaler that finds several instances keeps them until it has data of a window", () => {
    const memory = initialMemory(0, 4);
    expect(recommend(scaling(), memory, seen(0, 0, 4, { now: 2000 })).desired).toBe(4);
  });

  test("activation-scale raises what is not zero", () => {
    const four = scaling({ "activation-scale": "4" });
    expect(recommend(four, CALM, seen(1, 1, 1)).desired).toBe(4);
    expect(recommend(four, CALM, seen(0, 0, 0)).desired).toBe(0);
  });

  test("scale-down-delay holds the largest of its window", () => {
    const slow = scaling({ "scale-down-delay": "30s" });
    const up = recommend(slow, CALM, seen(21, 21, 3, { now: 0 }));
    expect(up.desired).toBe(3);
    const held = recommend(slow, up.memory, seen(1, 1, 3, { now: 29_000 }));
    expect(held).toMatchObject({ desired: 3, heldBy: "scale-down-delay" });
    expect(recommend(slow, held.memory, seen(1, 1, 3, { now: 30_000 })).desired).toBe(1);
    expect(recommend(slow, up.memory, seen(0, 0, 3, { now: 2000, reachable: false })).desired).toBe(0);
  });

  test("excess burst capacity is what is ready above target burst and load", () => {
    expect(recommend(scaling({ "target-burst-capacity": "5" }), CALM, seen(3, 3, 2)).excessBurstCapacity).toBe(12);
    expect(recommend(scaling({ "target-burst-capacity": "0" }), CALM, seen(3, 3, 2)).excessBurstCapacity).toBe(0);
    expect(recommend(scaling({ "target-burst-capacity": "-1" }), CALM, seen(3, 3, 2)).excessBurstCapacity).toBe(-1);
    expect(recommend(scaling(), CALM, seen(0, 0, 2)).excessBurstCapacity).toBe(-191);
  });
});

describe("revisionScaling", () => {
  test.each([
    ["no limit: the default target of 100 at 70 %", scaling({}, 0).target, 70],
    ["a limit is the total", scaling({}, 10).target, 7],
    ["target below the limit", scaling({ target: "4" }, 10).total, 4],
    ["target above the limit yields to it", scaling({ target: "40" }, 10).total, 10],
    ["utilization by annotation", scaling({ "target-utilization-percentage": "100" }, 10).target, 10],
    ["rps default", scaling({ metric: "rps" }).total, 200],
    ["rps by annotation, whatever the limit", scaling({ metric: "rps", target: "40" }, 10).target, 28],
    ["a target is never below 0.01", scaling({ target: "0.01", "target-utilization-percentage": "10" }, 0).target, 0.01],
    ["camelCase keys", scaling({ minScale: "3" }).min, 3],
    ["the panic window is a share of the stable one", scaling({ window: "30s" }).panicWindow, 3000],
    ["and at least a second", scaling({ window: "6s" }).panicWindow, 1000],
    ["initial scale may be beyond max-scale, as upstream", scaling({ "initial-scale": "5", "max-scale": "2" }).initialScale, 5],
    ["initial scale 0 must be allowed", scaling({ "initial-scale": "0" }).initialScale, 1],
    ["and then is none", scaling({ "initial-scale": "0" }, 10, { "allow-zero-initial-scale": "true" }).initialScale, 0],
    [
      "a maximum above max-scale-limit counts as absent",
      scaling({ "max-scale": "6" }, 10, { "max-scale": "4", "max-scale-limit": "5" }).max,
      4,
    ],
    ["one at it holds", scaling({ "max-scale": "5" }, 10, { "max-scale": "4", "max-scale-limit": "5" }).max, 5],
    ["what cannot be read counts as absent", scaling({ "min-scale": "many", window: "soon" }).min, 0],
  ])("%s", (_, actual, expected) => expect(actual).toBe(expected));

  test("config-autoscaler is refused with the key at fault", () => {
    expect(() => parseAutoscalerConfig({ "stable-window": "1s" })).toThrow(/stable-window = 1s/);
    expect(() => parseAutoscalerConfig({ "max-scale": "-1" })).toThrow(/max-scale/);
    expect(parseAutoscalerConfig({ "stable-window": "6s" }).stableWindow).toBe(6000);
  });
});

describe("toZero", () => {
  const at = (phase: "inactive" | "activating" | "active", age: number, current = 1, annotations: Record<string, string> = {}) =>
    toZero(scaling(annotations), { phase, since: 100_000 - age }, { now: 100_000, current, reachable: true, activationTimeout: 150_000 });
  test.each([
    ["active for less than a window: one stays", at("active", 59_999), { desired: 1, why: "window-not-over", again: 1 }],
    ["active for a window: asleep", at("active", 60_000), { desired: 0, why: "idle", activity: { phase: "inactive", since: 100_000 } }],
    [
      "retention keeps the last one on",
      at("active", 60_000, 1, { "scale-to-zero-pod-retention-period": "1m" }),
      { desired: 1, why: "retention" },
    ],
    ["until it is over", at("inactive", 60_000, 1, { "scale-to-zero-pod-retention-period": "1m" }), { desired: 0, why: "idle" }],
    ["what starts is given its time", at("activating", 149_999, 2), { desired: 2, why: "activating" }],
    ["and then given up", at("activating", 150_000, 2), { desired: 0, why: "activation-timeout" }],
    ["asleep stays asleep", at("inactive", 5, 0), { desired: 0, why: "idle" }],
  ])("%s", (_, verdict, expected) => expect(verdict).toMatchObject(expected));

  test("who works in the last one keeps it, once nothing else does and whether or not a route leads there; nobody wakes one so", () => {
    const seen = { now: 100_000, current: 2, reachable: true, activationTimeout: 150_000, attended: true };
    const attended = (phase: "inactive" | "active", more: Partial<typeof seen> = {}) =>
      toZero(scaling({}), { phase, since: 40_000 }, { ...seen, ...more });
    expect(attended("active")).toEqual({ desired: 1, why: "session", activity: { phase: "inactive", since: 100_000 } });
    expect(attended("inactive", { reachable: false })).toMatchObject({ desired: 1, why: "session" });
    expect(attended("active", { now: 99_999 })).toMatchObject({ desired: 1, why: "window-not-over" });
    expect(attended("inactive", { current: 0 })).toMatchObject({ desired: 0, why: "idle" });
    expect(attended("inactive", { attended: false })).toMatchObject({ desired: 0, why: "idle" });
  });

  test("of what no route leads to, no last one is kept", () => {
    const kept = scaling({ "scale-to-zero-pod-retention-period": "1m" });
    const seen = { now: 100_000, current: 1, reachable: false, activationTimeout: 150_000 };
    expect(toZero(kept, { phase: "inactive", since: 99_999 }, seen)).toMatchObject({ desired: 0, why: "idle" });
    expect(toZero(kept, { phase: "active", since: 0 }, seen)).toMatchObject({ desired: 0, why: "idle" });
  });

  test("scale to zero can be disabled", () => {
    const never = scaling({}, 10, { "enable-scale-to-zero": "false" });
    expect(toZero(never, { phase: "active", since: 0 }, { now: 1e6, current: 1, reachable: true, activationTimeout: 1 }).desired).toBe(1);
  });
});

describe("properties", () => {
  const load = fc.double({ min: 0, max: 10_000, noNaN: true });
  const count = fc.nat(200);

  test("bounds are always respected", () => {
    fc.assert(
      fc.property(fc.tuple(count, count, count), fc.boolean(), fc.boolean(), ([min, extra, desired], reachable, initialized) => {
        const limited = scaling({ "min-scale": String(min), "max-scale": String(min + extra) });
        const bounds = boundsOf(limited, reachable, initialized);
        const bounded = applyBounds(bounds, desired);
        if (bounds.max > 0) expect(bounded).toBeLessThanOrEqual(bounds.max);
        if (bounds.max === 0 || bounds.min <= bounds.max) expect(bounded).toBeGreaterThanOrEqual(bounds.min);
        if (!reachable) expect(bounds.min).toBe(0);
      }),
    );
  });

  test("more load never asks for fewer", () => {
    fc.assert(
      fc.property(fc.tuple(load, load), fc.tuple(load, load), count, ([stable, panic], [moreStable, morePanic], ready) => {
        const less = recommend(scaling(), CALM, seen(stable, panic, ready)).desired;
        const more = recommend(scaling(), CALM, seen(stable + moreStable, panic + morePanic, ready)).desired;
        expect(more).toBeGreaterThanOrEqual(less);
      }),
    );
  });

  test("rates are always respected", () => {
    fc.assert(
      fc.property(load, load, count, (stable, panic, ready) => {
        const { desired } = recommend(scaling(), CALM, seen(stable, panic, ready));
        expect(desired).toBeLessThanOrEqual(1000 * Math.max(1, ready));
        expect(desired).toBeGreaterThanOrEqual(Math.floor(Math.max(1, ready) / 2));
      }),
    );
  });

  test("while it panics the count never falls", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(load, load), { minLength: 2, maxLength: 30 }), (series) => {
        let memory = initialMemory(0, 5);
        let last = 5;
        for (const [index, [stable, panic]] of series.entries()) {
          const next = recommend(scaling(), memory, seen(stable, panic, last, { now: index * 2000 }));
          if (next.mode === "panic" && memory.panicAt !== undefined)
            expect(next.desired).toBeGreaterThanOrEqual(Math.min(last, memory.maxPanic));
          memory = next.memory;
          last = next.desired;
        }
      }),
    );
  });
});
