import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isDone,
  nextStep,
  observeReady,
  rolloutBefore,
  rolloutGoal,
  rolloutSeconds,
  stepRollout,
  withRollout,
  type ConfigurationRollout,
  type RevisionShare,
} from "./rollout.ts";

const NOW = 1_000_000;
const shares = (...parts: [string, number][]): RevisionShare[] => parts.map(([revisionName, percent]) => ({ revisionName, percent }));
const rollout = (revisions: RevisionShare[], stepParams: ConfigurationRollout["stepParams"] = {}): ConfigurationRollout => ({
  configurationName: "shop",
  tag: "",
  percent: revisions.reduce((sum, { percent }) => sum + percent, 0),
  revisions,
  stepParams,
});
const stepped = (goal: ConfigurationRollout, before: ConfigurationRollout, now = NOW) => stepRollout([goal], [before], now)[0];

describe("a step", () => {
  const running = { startTime: 1, stepSize: 10, stepDuration: 5000, nextStepTime: NOW };
  test.each<
    [sentence: string, goal: RevisionShare[], before: RevisionShare[], params: ConfigurationRollout["stepParams"], after: RevisionShare[]]
  >([
    ["the same Revision: nothing to roll out", shares(["a", 100]), shares(["a", 100]), {}, shares(["a", 100])],
    ["a new Revision gets the first per cent", shares(["b", 100]), shares(["a", 100]), {}, shares(["a", 99], ["b", 1])],
    [
      "one newer still takes it from the newest",
      shares(["c", 100]),
      shares(["a", 60], ["b", 40]),
      running,
      shares(["a", 60], ["b", 39], ["c", 1]),
    ],
    ["one that had one per cent is gone", shares(["c", 100]), shares(["a", 99], ["b", 1]), running, shares(["a", 99], ["c", 1])],
    ["of one per cent nothing is rolled out", shares(["b", 1]), shares(["a", 1]), {}, shares(["b", 1])],
    ["in time, a part moves", shares(["b", 100]), shares(["a", 70], ["b", 30]), running, shares(["a", 60], ["b", 40])],
    ["the next older gives first", shares(["c", 100]), shares(["a", 50], ["b", 5], ["c", 45]), running, shares(["a", 45], ["c", 55])],
    ["the last part ends it", shares(["b", 100]), shares(["a", 5], ["b", 95]), running, shares(["b", 100])],
    [
      "before its time nothing moves",
      shares(["b", 100]),
      shares(["a", 70], ["b", 30]),
      { ...running, nextStepTime: NOW + 1 },
      shares(["a", 70], ["b", 30]),
    ],
    [
      "before the gateway has the first per cent nothing moves",
      shares(["b", 100]),
      shares(["a", 99], ["b", 1]),
      { startTime: 1 },
      shares(["a", 99], ["b", 1]),
    ],
    ["a larger share goes to the newest", shares(["b", 80]), shares(["a", 30], ["b", 10]), { startTime: 1 }, shares(["a", 30], ["b", 50])],
    [
      "a smaller share is taken from the oldest",
      shares(["c", 30]),
      shares(["a", 20], ["b", 20], ["c", 10]),
      { startTime: 1 },
      shares(["b", 20], ["c", 10]),
    ],
  ])("%s", (_, goal, before, ...[params, after]) => {
    expect(stepped(rollout(goal), rollout(before, params))?.revisions).toEqual(after);
  });
});

test.each<[sentence: string, tookMs: number, duration: number, size: number, pause: number]>([
  ["a second for the first per cent, 100 s in all: 99 steps of one", 500, 100, 1, 1000],
  ["ten seconds for it: nine steps of eleven", 10_000, 100, 11, 10_000],
  ["longer than the whole duration: everything in one step", 200_000, 100, 99, 1000],
])("the pace: %s", (_, took, duration, ...[size, pause]) => {
  const [paced] = observeReady([rollout(shares(["a", 99], ["b", 1]), { startTime: NOW - took })], NOW, duration);
  expect(paced?.stepParams).toEqual({ startTime: NOW - took, stepSize: size, stepDuration: pause, nextStepTime: NOW + pause });
  expect(nextStep(paced ? [paced] : [])).toBe(NOW + pause);
});

test("property: a rollout always adds up, only grows, and ends: within half its duration again, as steps are whole per cents", () => {
  const inputs = {
    percent: fc.integer({ min: 2, max: 100 }),
    duration: fc.integer({ min: 2, max: 600 }),
    took: fc.integer({ min: 0, max: 30_000 }),
  };
  fc.assert(
    fc.property(fc.record(inputs), ({ percent, duration, took }) => {
      const goal = rollout(shares(["b", percent]));
      let state = stepRollout([goal], [rollout(shares(["a", percent]))], NOW);
      state = observeReady(state, NOW + took, duration);
      const pause = state[0]?.stepParams.stepDuration ?? 0;
      let newest = 1;
      for (let now = nextStep(state); now !== undefined; now = nextStep(state)) {
        state = stepRollout([goal], state, now);
        const { revisions = [] } = state[0] ?? {};
        expect(revisions.reduce((sum, share) => sum + share.percent, 0)).toBe(percent);
        expect(revisions.at(-1)?.percent).toBeGreaterThan(newest);
        newest = revisions.at(-1)?.percent ?? 0;
        expect(now).toBeLessThanOrEqual(NOW + took + duration * 1500 + 2 * pause);
      }
      expect(isDone(state)).toBe(true);
      expect(newest).toBe(percent);
    }),
  );
});

test("targets with a rollout: older Revisions beside the newest, which keeps its tag", () => {
  const traffic = [
    { configurationName: "shop", tag: "live", percent: 60 },
    { revisionName: "x", percent: 40 },
  ];
  const targets = [
    { revisionName: "b", percent: 60, latestRevision: true, tag: "live" },
    { revisionName: "x", percent: 40, latestRevision: false },
  ];
  const goal = rolloutGoal(traffic, targets);
  expect(goal).toEqual([{ configurationName: "shop", tag: "live", percent: 60, revisions: shares(["b", 60]), stepParams: {} }]);
  const state = stepRollout(
    goal,
    rolloutBefore(undefined, traffic, [{ revisionName: "a", latestRevision: true, percent: 60, tag: "live" }]),
    NOW,
  );
  expect(withRollout(traffic, targets, state)).toEqual([
    { revisionName: "a", percent: 59, latestRevision: false },
    { revisionName: "b", percent: 1, latestRevision: true, tag: "live" },
    { revisionName: "x", percent: 40, latestRevision: false },
  ]);
});

test("a state that makes no sense is none", () => {
  const traffic = [{ configurationName: "shop", percent: 100 }];
  const served = [{ revisionName: "a", latestRevision: true, percent: 100 }];
  const begun = [rollout(shares(["a", 100]))];
  expect(rolloutBefore("nonsense", traffic, served)).toEqual(begun);
  expect(rolloutBefore(JSON.stringify({ configurations: [{ ...rollout(shares(["a", 70])), percent: 100 }] }), traffic, served)).toEqual(
    begun,
  );
  const sound = [rollout(shares(["a", 99], ["b", 1]), { startTime: 1 })];
  expect(rolloutBefore(JSON.stringify({ configurations: sound }), traffic, served)).toEqual(sound);
});

test("the duration is the Route's own, else the cluster's", () => {
  expect(rolloutSeconds({ "serving.knative.dev/rollout-duration": "1m30s" }, 5)).toBe(90);
  expect(rolloutSeconds({}, 5)).toBe(5);
});
