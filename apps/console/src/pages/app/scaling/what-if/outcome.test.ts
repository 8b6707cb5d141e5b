import type { WhatIf } from "@ebb/api";
import { expect, test } from "vitest";
import { createFormat } from "../../../../i18n/format.ts";
import { enPolicy } from "../../../../i18n/en-policy.ts";
import { outcomeRows, outcomeSays } from "./outcome.ts";

const speech = { words: enPolicy, format: createFormat("en") };
const policy = {
  metric: "concurrency",
  target: 7,
  min: 0,
  max: 0,
  windowSeconds: 60,
  idle: "cold",
  strategies: [{ type: "concurrency" }],
} as const;
const outcome = {
  instanceSeconds: 3104,
  keptSeconds: 0,
  peak: 1,
  starts: { cold: 31, prepared: 0, frozen: 0 },
  waited: 31,
  waitingSeconds: 1.7,
  longestWakeSeconds: 0.054,
};
const side = (part: Partial<typeof outcome>): WhatIf["asked"] => ({
  policy: { ...policy, strategies: [...policy.strategies] },
  outcome: { ...outcome, ...part },
});
const both = (part: Partial<typeof outcome>, of: Partial<typeof outcome> = {}) => ({ inForce: side(of), asked: side(part) });

test("stand side by side, with what differs", () => {
  const rows = outcomeRows(both({ instanceSeconds: 7420, starts: { cold: 11, prepared: 0, frozen: 0 }, waitingSeconds: 0.6 }), speech);
  const row = (key: string) => rows.find((each) => each.key === key);
  expect(row("instanceSeconds")).toMatchObject({ inForce: "3,104", asked: "7,420", difference: "+4,316" });
  expect(row("cold")).toMatchObject({ inForce: "31", asked: "11", difference: "−20" });
  expect(row("waitingSeconds")).toMatchObject({ inForce: "1.7 s", asked: "600 ms", difference: "−1.1 s" });
  expect(row("peak")?.difference).toBe("the same");
  expect(row("bounds")).toMatchObject({ inForce: "0 – ∞", difference: "" });
});

test("name the strategies, and a target only where a version's own decides", () => {
  const cpu = { type: "cpu" as const, target: 70 };
  const other = { ...side({}), policy: { ...policy, strategies: [cpu] } };
  const row = (both: Parameters<typeof outcomeRows>[0], key: string) => outcomeRows(both, speech).find((each) => each.key === key);
  expect(row({ inForce: side({}), asked: other }, "strategies")).toMatchObject({
    inForce: "By requests at once: per instance what the version says",
    asked: "By CPU: 70 % of what an instance may use",
  });
  expect(row({ inForce: side({}), asked: other }, "target")).toMatchObject({ inForce: "7 at once", asked: "by strategy" });
  expect(row({ inForce: other, asked: other }, "target")).toBeUndefined();
});

test.each<[string, Partial<typeof outcome>, Partial<typeof outcome>, string[]]>([
  [
    "more for fewer waits",
    {},
    { instanceSeconds: 6208, starts: { ...outcome.starts, cold: 30 }, waited: 11, waitingSeconds: 0.6 },
    ["100 % more instance time", "1 fewer cold start", "20 fewer requests wait for an instance, 1.1 s less in all"],
  ],
  ["nothing else", {}, {}, ["As much instance time", "As many cold starts", "As many requests wait"]],
  [
    "something of nothing",
    { instanceSeconds: 0, starts: { ...outcome.starts, cold: 0 }, waited: 0 },
    { instanceSeconds: 90, waited: 1 },
    ["1 min 30 s of instance time instead of none", "31 more cold starts", "1 more request waits for an instance"],
  ],
])("say in words what comes of it: %s", (_, before, after, words) => {
  expect(outcomeSays(both(after, before), speech)).toEqual(words);
});
