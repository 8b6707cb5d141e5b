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

const asked = { metric: "concurrency", target: 7.004, strategies: [{ type: "concurrency" }, { type: "rps" }] } as WhatIf["asked"]["policy"];

test("what was asked about can be set: a target as that of its strategy, the window not at all", () => {
  expect(settingsOf({ min: 0, max: 4, idle: "cold", window: 90, version: "v2" }, asked)).toEqual({ min: 0, max: 4, idle: "cold" });
  expect(settingsOf({ target: 10 }, asked)).toEqual({ strategies: [{ type: "concurrency", target: 7 }, { type: "rps" }] });
  const strategies = [{ type: "rps" as const, target: 3 }];
  expect(settingsOf({ strategies, target: 10 }, asked)).toEqual({ strategies });
});
