import type { MetricsPoint, ScalingDecision } from "@ebb/api";
import { describe, expect, test } from "vitest";
import { holdingAt, seriesOf } from "./metrics-series.ts";

const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1000).toISOString();
const point = (seconds: number, rest: Partial<MetricsPoint>): MetricsPoint => ({
  time: at(seconds),
  requests: 0,
  errors: 0,
  responses: {},
  p50Ms: null,
  p95Ms: null,
  p99Ms: null,
  meanMs: null,
  held: 0,
  heldMs: 0,
  requestBytes: 0,
  responseBytes: 0,
  interventions: {},
  instances: 0,
  ...rest,
});
const series = (points: MetricsPoint[], to = 40) => {
  const { time: _, ...summary } = point(0, {});
  return seriesOf({ from: at(3), to: at(to), stepSeconds: 10, total: { summary, points } });
};

describe("an app's series", () => {
  test("have a value for each step, also where nothing happened", () => {
    const { times, requestsPerSecond, instances } = series([point(10, { requests: 50, instances: 2 })]);
    expect(times).toEqual([1_800_000_000, 1_800_000_010, 1_800_000_020, 1_800_000_030]);
    expect(requestsPerSecond).toEqual([0, 5, 0, 0]);
    expect(instances).toEqual([0, 2, 0, 0]);
  });

  test("have neither an error rate nor a latency where there was no request", () => {
    const { errors, p95 } = series([point(10, { requests: 8, errors: 2, p95Ms: 12 }), point(20, { instances: 1 })]);
    expect(errors).toEqual([null, 25, null, null]);
    expect(p95).toEqual([null, 12, null, null]);
  });

  test("leave out the step that is not over", () => {
    expect(series([point(40, { requests: 1 })], 44).requestsPerSecond).toEqual([0, 0, 0, 0]);
  });
});

describe("what held at a time", () => {
  const decided = (version: string, seconds: number, desired: number) => ({ version, time: at(seconds), desired }) as ScalingDecision;
  const journal = [decided("v2", 30, 7), decided("v1", 20, 0), decided("v2", 10, 1), decided("v1", 0, 3)];
  const when = (seconds: number) => holdingAt(journal, 1_800_000_000 + seconds).map(({ version, desired }) => `${version} ${desired}`);

  test.each([
    ["the last decision of each version that runs", 15, ["v2 1", "v1 3"]],
    ["not of a version that is asleep while another runs", 35, ["v2 7"]],
    ["nothing before the first", -1, []],
  ])("is %s", (_name, seconds, expected) => expect(when(seconds)).toEqual(expected));

  test("is why it sleeps, when all do", () => {
    expect(holdingAt([decided("v1", 20, 0), decided("v1", 0, 3)], 1_800_000_030).map(({ desired }) => desired)).toEqual([0]);
  });
});
