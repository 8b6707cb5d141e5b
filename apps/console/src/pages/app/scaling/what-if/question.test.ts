import type { WhatIf } from "@ebb/api";
import { expect, test } from "vitest";
import { questionOf, settingsOf } from "./question.ts";

const own = { min: 1, max: 0 };

test("an edit is a question in figures: going back to what the version says names that", () => {
  expect(questionOf({ min: 2, idle: "frozen" }, own)).toEqual({ min: 2, idle: "frozen" });
  expect(questionOf({ min: null, max: null, idle: null, strategies: null }, own)).toEqual({
    min: 1,
    max: 0,
    idle: "cold",
    strategies: [{ type: "concurrency" }],
  });
});

test("what a version says cannot be asked for where it is not known, nor its own target", () => {
  expect(questionOf({ min: null }, {})).toBeNull();
  expect(questionOf({ strategies: null }, { ...own, target: 7 })).toBeNull();
});

const asked = (strategies: WhatIf["asked"]["policy"]["strategies"]) =>
  ({ metric: "rps", target: 7.004, strategies }) as WhatIf["asked"]["policy"];

test("what was asked about can be set: the window not at all, a target as that of the version's one strategy", () => {
  const own = asked([{ type: "rps" }]);
  expect(settingsOf({ min: 0, max: 4, idle: "cold", window: 90, version: "v2" }, own, null)).toEqual({ min: 0, max: 4, idle: "cold" });
  expect(settingsOf({ target: 7.004 }, own, null)).toEqual({ strategies: [{ type: "rps", target: 7 }] });
  expect(settingsOf({ metric: "rps" }, own, null)).toEqual({ strategies: [{ type: "rps", target: 7 }] });
  const strategies = [{ type: "rps" as const, target: 3 }];
  expect(settingsOf({ strategies, target: 10 }, own, null)).toEqual({ strategies });
});

test("what was asked about strategies that are set is set of those as they are, and not of what their own targets came to", () => {
  const inForce = [{ type: "concurrency" as const }, { type: "cpu" as const, target: 70 }];
  const resolved = asked([
    { type: "concurrency", target: 70 },
    { type: "cpu", target: 70 },
  ]);
  expect(settingsOf({ min: 2, metric: "rps" }, resolved, inForce)).toEqual({ min: 2 });
  expect(settingsOf({ target: 5 }, resolved, inForce)).toEqual({
    strategies: [
      { type: "concurrency", target: 5 },
      { type: "cpu", target: 70 },
    ],
  });
});
