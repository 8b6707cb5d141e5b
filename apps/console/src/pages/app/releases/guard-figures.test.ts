import type { Metrics, MetricsSummary, Release } from "@ebb/api";
import { expect, test } from "vitest";
import { figuresOf, pauseOf, stepsOf } from "./guard-figures.ts";

test.each([
  ["5, 25, 50, 100", [5, 25, 50, 100]],
  ["100", [100]],
  ["10% 50% 100%", [10, 50, 100]],
  ["", null],
  ["10, 50", null],
  ["50, 10, 100", null],
  ["10, x, 100", null],
  ["0, 100", null],
  ["50, 50, 100", null],
  ["50, 200", null],
])("steps %j are %j", (text, steps) => expect(stepsOf(text)).toEqual(steps));

test("the new version is first, and there before it has had a request", () => {
  const summary = { requests: 200, errors: 5, p95Ms: 12 } as MetricsSummary;
  const metrics = { versions: [{ version: "v1", summary, points: [] }] } as unknown as Metrics;
  expect(figuresOf(metrics, "v2")).toEqual([
    { version: "v2", fresh: true, requests: 0, errors: null, p95Ms: null },
    { version: "v1", fresh: false, requests: 200, errors: 2.5, p95Ms: 12 },
  ]);
});

test.each([
  ["half of it", { step: 0, pauseSeconds: 60 }, { left: 30_000, share: 0.5 }],
  ["all of it, and more", { step: 0, pauseSeconds: 10 }, { left: 0, share: 1 }],
  ["none that time ends", { step: 0, pauseSeconds: null }, null],
  ["none at the last step", { step: 1, pauseSeconds: 60 }, null],
  ["none before the first", { step: null, since: null, pauseSeconds: 60 }, null],
])("of the pause %s is over", (_, of, expected) => {
  const release = { steps: [10, 100], since: "2026-11-23T09:00:00Z", ...of } as unknown as Release;
  expect(pauseOf(release, Date.parse("2026-11-23T09:00:30Z"))).toEqual(expected);
});
