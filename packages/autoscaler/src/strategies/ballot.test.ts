import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAutoscalerConfig } from "../config.ts";
import { RevisionScaler, type ScalerInputs } from "../revision-scaler.ts";
import { revisionScaling } from "../revision-scaling.ts";
import { resourceVote } from "./resource-vote.ts";
import type { Strategy } from "./strategy.ts";

const NOON = Date.UTC(2026, 2, 4, 12);
const CRON: Strategy = { type: "cron", start: "0 8 * * *", end: "0 20 * * *", timezone: "UTC", replicas: 3 };

function open(strategies: Strategy[], more: { annotations?: Record<string, string>; min?: number; max?: number; instances?: number } = {}) {
  const { annotations = {}, instances = 0, ...bounds } = more;
  const scaling = revisionScaling(parseAutoscalerConfig({}), { annotations, containerConcurrency: 0, policy: { strategies, ...bounds } });
  return new RevisionScaler(scaling, 0, { instances, ready: instances });
}
const at = (now: number, ready: number, more: Partial<ScalerInputs> = {}): ScalerInputs => ({
  now,
  wallTime: NOON + now,
  ready,
  reachable: true,
  initialized: true,
  activationTimeout: 150_000,
  ...more,
});
/** Load of the last ten seconds before 10 000. */
function load(scaler: RevisionScaler, concurrency: number, requests: number): void {
  for (let now = 1000; now <= 10_000; now += 1000) scaler.record(now, { concurrency, requests });
}

describe("several strategies", () => {
  test("the largest vote wins, and all are told", () => {
    const scaler = open([{ type: "concurrency", target: 10 }, { type: "rps", target: 20 }, CRON]);
    load(scaler, 15, 100);
    const decision = scaler.decide(at(10_000, 3));
    expect(decision).toMatchObject({ desired: 5, winner: "rps", metric: "rps", target: 20 });
    expect(decision.votes?.map(({ strategy, desired }) => [strategy, desired])).toEqual([
      ["concurrency", 2],
      ["rps", 5],
      ["cron 0 8 * * * – 0 20 * * * UTC", 3],
    ]);
    expect(decision.reason).toContain("(the largest vote; concurrency 2, cron 0 8 * * * – 0 20 * * * UTC 3)");
  });

  test("overlapping windows take the maximum, within the bounds", () => {
    const wide: Strategy = { ...CRON, start: "0 6 * * *", replicas: 7 };
    expect(open([CRON, wide]).decide(at(0, 0))).toMatchObject({ desired: 7, cause: "strategy" });
    expect(open([CRON, wide], { max: 5 }).decide(at(0, 0))).toMatchObject({ desired: 5, cause: "max-scale" });
    expect(open([CRON], { min: 4 }).decide(at(0, 0))).toMatchObject({ desired: 4, cause: "min-scale" });
  });

  test("a window that opens wakes it without traffic, and one that closes lets it sleep", () => {
    const scaler = open([{ type: "concurrency" }, CRON]);
    const before = -5 * 3_600_000;
    expect(scaler.decide(at(0, 0, { wallTime: NOON + before })).desired).toBe(0);
    expect(scaler.decide(at(2000, 0)).desired).toBe(3);
    let desired = 3;
    for (let now = 4000; now <= 200_000; now += 2000) desired = scaler.decide(at(now, desired)).desired;
    expect(desired).toBe(3);
    const evening = NOON + 8 * 3_600_000;
    for (let now = 202_000; now <= 280_000; now += 2000) desired = scaler.decide(at(now, desired, { wallTime: evening })).desired;
    expect(desired).toBe(0);
  });

  test("waiting events ask for instances; a number that is not known changes nothing", () => {
    const url = "http://queue/lag";
    const scaler = open([{ type: "lag", target: 10, url }]);
    expect(scaler.decide(at(0, 0, { lags: new Map([[url, 95]]) })).desired).toBe(10);
    expect(scaler.decide(at(2000, 10, { lags: new Map() })).desired).toBe(10);
    expect(open([{ type: "lag", target: 10, lag: 11 }]).decide(at(0, 0)).desired).toBe(2);
  });

  test("one is said as one", () => {
    for (const metric of ["concurrency", "rps"] as const) {
      const scaler = open([{ type: metric, target: 10 }], { instances: 1 });
      load(scaler, 1, 1);
      expect(scaler.decide(at(10_000, 1)).reason).toMatch(/^1 request (at once|a second) on average/);
    }
    expect(open([{ type: "lag", target: 10, lag: 1 }]).decide(at(0, 0)).reason).toContain("1 event waits");
  });

  test("cpu grows with use while there is traffic, and keeps nobody awake without", () => {
    const scaler = open([{ type: "cpu", target: 50 }], { instances: 1 });
    load(scaler, 1, 1);
    const usage = { cpuPercent: 95, memoryMiB: 10 };
    expect(scaler.decide(at(10_000, 1, { usage }))).toMatchObject({ desired: 2, winner: "cpu", cause: "strategy" });
    let desired = 2;
    for (let now = 12_000; now <= 80_000; now += 2000) desired = scaler.decide(at(now, desired, { usage })).desired;
    expect(desired).toBe(0);
  });

  test("with none that looks at requests, a request still wakes it and keeps one", () => {
    const scaler = open([{ type: "memory", target: 100 }]);
    expect(scaler.wake(at(0, 0)).desired).toBe(1);
    scaler.record(1000, { concurrency: 1, requests: 1 });
    expect(scaler.decide(at(2000, 1)).desired).toBe(1);
  });

  test("the HPA class scales by cpu at 80 % and never to zero", () => {
    const annotations = { "autoscaling.knative.dev/class": "hpa.autoscaling.knative.dev" };
    const scaling = revisionScaling(parseAutoscalerConfig({}), { annotations, containerConcurrency: 0 });
    expect(scaling).toMatchObject({ strategies: [{ type: "cpu", target: 80 }], min: 1, scaleToZero: false });
    const scaler = new RevisionScaler(scaling, 0, { instances: 2, ready: 2 });
    expect(scaler.decide(at(0, 2, { usage: { cpuPercent: 160, memoryMiB: 1 } })).desired).toBe(4);
    const byMemory = { ...annotations, "autoscaling.knative.dev/metric": "memory", "autoscaling.knative.dev/target": "64" };
    expect(revisionScaling(parseAutoscalerConfig({}), { annotations: byMemory, containerConcurrency: 0 }).strategies).toEqual([
      { type: "memory", target: 64 },
    ]);
  });

  test("property: the count is the largest vote, within the bounds", () => {
    const count = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(fc.array(count, { minLength: 1, maxLength: 5 }), count, count, (replicas, min, extra) => {
        const scaler = open(
          replicas.map((wanted, index) => ({ ...CRON, start: `${index} 8 * * *`, replicas: wanted })),
          { min, max: min + extra },
        );
        expect(scaler.decide(at(0, 0)).desired).toBe(Math.min(Math.max(...replicas, min), min + extra));
      }),
    );
  });
});

describe("resourceVote", () => {
  const vote = (now: number, used: number, ready: number, memory?: ReturnType<typeof resourceVote>) =>
    resourceVote(memory, { now, used, ready, target: 50 });

  test.each([
    ["at the target: as many", 50, 4, 4],
    ["within a tenth: as many", 54, 4, 4],
    ["above: in proportion, rounded up", 60, 4, 5],
    ["at most the double, or four more", 1000, 10, 20],
    ["or four more", 1000, 1, 5],
    ["never none", 0, 1, 1],
  ])("%s", (_, used, ready, desired) => expect(vote(0, used, ready).desired).toBe(desired));

  test("looks each 15 s, and goes down after five minutes", () => {
    let memory = vote(0, 50, 10);
    expect(vote(14_999, 5, 10, memory)).toBe(memory);
    for (let now = 15_000; now < 300_000; now += 15_000) memory = vote(now, 5, 10, memory);
    expect(memory.desired).toBe(10);
    expect(vote(300_000, 5, 10, memory).desired).toBe(1);
  });
});
