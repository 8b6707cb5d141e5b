import type { ScalingPolicy } from "@ebb/api";
import { describe, expect, test } from "vitest";
import {
  boundsFault,
  DEFAULT,
  draftOf,
  draftPartOf,
  isSound,
  newStrategy,
  patchOf,
  policyOf,
  refusedPart,
  strategyFaults,
  type DraftStrategy,
} from "./scaling-draft.ts";

const policy: ScalingPolicy = {
  min: 1,
  max: 20,
  idle: "prepared",
  strategies: [
    { type: "concurrency" },
    { type: "rps", target: 50 },
    { type: "memory", target: 256 },
    { type: "cron", start: "0 8 * * 1-5", end: "0 20 * * 1-5", timezone: "Europe/Berlin", replicas: 3 },
    { type: "lag", target: 100, url: "http://127.0.0.1:9000/waiting" },
    { type: "lag", target: 5, lag: 12 },
  ],
};
const fresh = newStrategy([], "Europe/Berlin");

describe("editing how an app is scaled", () => {
  test("gives what is there back as it was, and sends nothing of it", () => {
    expect(policyOf(draftOf(policy))).toEqual(policy);
    expect(policyOf(draftOf(DEFAULT))).toEqual(DEFAULT);
    expect(patchOf(policy, policyOf(draftOf(policy)))).toEqual({});
  });

  test("takes a window without a zone for one in UTC, as the platform does", () => {
    const window = { type: "cron", start: "0 8 * * *", end: "0 9 * * *", replicas: 1 } as const;
    const was = { ...DEFAULT, strategies: [window] };
    expect(patchOf(was, policyOf(draftOf(was)))).toEqual({});
  });

  test("sends the parts that differ, whole; what is taken away goes back to the version", () => {
    const draft = draftOf(policy);
    expect(patchOf(policy, policyOf({ ...draft, min: null, strategies: draft.strategies.slice(0, 1) }))).toEqual({
      min: null,
      strategies: [{ type: "concurrency" }],
    });
    expect(patchOf(policy, DEFAULT)).toEqual(DEFAULT);
    expect(patchOf(policy, policyOf({ ...draft, strategies: [] }))).toEqual({ strategies: null });
  });

  test("sends all of it where what is there is no policy", () => {
    const broken = { ...DEFAULT, problem: "autoscaling.ebb.dev/strategies is not JSON" };
    expect(patchOf(broken, { ...DEFAULT, max: 3 })).toEqual({ ...DEFAULT, max: 3 });
    expect(patchOf(broken, DEFAULT)).toEqual(DEFAULT);
  });

  test("takes over the parts that are given, and no other", () => {
    expect(draftPartOf({ max: 3, strategies: [{ type: "rps", target: 2 }] })).toEqual({
      max: 3,
      strategies: [{ ...newStrategy([], "UTC"), key: 0, type: "rps", target: 2 }],
    });
  });

  test("adds a kind that is not there yet, with a key of its own", () => {
    const rows = [fresh, newStrategy([fresh], "UTC")];
    expect(rows.map(({ type }) => type)).toEqual(["concurrency", "rps"]);
    expect(new Set([...rows, newStrategy(rows, "UTC")].map(({ key }) => key)).size).toBe(3);
  });
});

test.each<[Partial<DraftStrategy>, object]>([
  [{ type: "concurrency" }, {}],
  [{ type: "concurrency", target: 0.001 }, { target: { code: "target" } }],
  [{ type: "cpu", target: 70 }, {}],
  [{ type: "cpu" }, { target: { code: "target" } }],
  [{ type: "cron" }, {}],
  [{ type: "cron", start: "0 25 * * *" }, { start: { code: "cron", detail: expect.stringMatching(/.{10}/) } }],
  [{ type: "cron", start: "0 0 31 2 *" }, { start: { code: "never" } }],
  [{ type: "cron", end: "0 8 * * 1-5 " }, { end: { code: "same" } }],
  [{ type: "cron", timezone: "Moon/Base" }, { timezone: { code: "zone" } }],
  [{ type: "cron", replicas: null }, { replicas: { code: "replicas" } }],
  [{ type: "lag", target: 100, url: "https://queue.example/waiting" }, {}],
  [{ type: "lag", target: 100, url: "https://ann:secret@queue.example/" }, { url: { code: "url" } }],
  [
    { type: "lag", url: "ftp://queue.example/" },
    { target: { code: "target" }, url: { code: "url" } },
  ],
  [{ type: "lag", target: 1, waiting: "number" }, { lag: { code: "lag" } }],
  [{ type: "lag", target: 1, waiting: "number", lag: 0 }, {}],
  [{ type: "lag", target: 1, waiting: "number", lag: 2e15 }, { lag: { code: "lag" } }],
  [{ type: "lag", target: 1, url: "http:queue/x" }, { url: { code: "url" } }],
  [{ type: "lag", target: 1, url: "HTTPS://queue/x" }, { url: { code: "url" } }],
  [{ type: "cron", start: "@daily" }, { start: { code: "cron" } }],
  [{ type: "cron", replicas: 200_000 }, { replicas: { code: "replicas" } }],
])("judges a strategy: %j", (part, faults) => {
  const strategy = { ...fresh, ...part };
  expect(strategyFaults(strategy)).toEqual(faults);
  expect(isSound({ ...draftOf(DEFAULT), strategies: [strategy] })).toBe(Object.keys(faults).length === 0);
});

test("judges bounds: no limit is above every minimum", () => {
  expect(boundsFault({ min: 3, max: 2 })).toEqual({ code: "max" });
  for (const max of [0, 3, null]) expect(boundsFault({ min: 3, max })).toBeNull();
  expect(isSound({ ...draftOf(DEFAULT), min: 3, max: 2 })).toBe(false);
});

test.each([
  ["quota_exceeded", "The quota of the team default does not allow it: 12 instances", "min"],
  ["invalid_request", "max 2 is less than min 3", "max"],
  ["invalid_request", "body/strategies/1/url is not as it has to be: an http or https URL", 1],
  ["invalid_request", 'The window\'s "0 8 * * 1-5" in Europe/Berlin has no times: CronPattern', 3],
  ["invalid_request", "something else", null],
  ["environment_frozen", "max", null],
])("finds what was refused in what was sent: %s, %s", (code, detail, part) => {
  const sent = draftOf(policy);
  expect(refusedPart({ code, detail }, sent)).toEqual(typeof part === "number" ? sent.strategies[part] : part);
});
