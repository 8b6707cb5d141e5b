import { describe, expect, test } from "vitest";
import type { Idle, InstancePhase } from "../port.ts";
import { planScale, wantsSpare, type ScalePlan } from "./scale-plan.ts";

const NOTHING: ScalePlan = { start: 0, thaw: [], launch: [], freeze: [], stop: [] };
/** `a` is the oldest. */
const instances = (...phases: InstancePhase[]) => phases.map((phase, index) => ({ id: "abcdef"[index] ?? "?", phase, startedAt: index }));

describe("planScale", () => {
  test.each<[string, InstancePhase[], number, Idle | undefined, Partial<ScalePlan>]>([
    ["as many as are wanted: nothing", ["ready", "starting"], 2, "frozen", {}],
    ["fewer: the rest is started", ["ready"], 3, "cold", { start: 2 }],
    ["what is leaving does not count", ["draining", "ended", "ready"], 2, "cold", { start: 1 }],
    [
      "more: those that are not ready go first, then the youngest",
      ["ready", "ready", "starting", "backoff"],
      1,
      "cold",
      { stop: ["d", "c", "b"] },
    ],
    ["none: all go", ["ready", "ready"], 0, "cold", { stop: ["b", "a"] }],
    ["none, kept frozen: the oldest that is ready stays", ["ready", "ready", "starting"], 0, "frozen", { stop: ["c", "b"], freeze: ["a"] }],
    ["none ready, none kept", ["starting", "unready"], 0, "frozen", { stop: ["a", "b"] }],
    ["one is kept already", ["ready", "frozen"], 0, "frozen", { stop: ["a"] }],
    ["fewer but some: nothing is frozen", ["ready", "ready"], 1, "frozen", { stop: ["b"] }],
    ["wanted again: the frozen one comes before a new one", ["frozen"], 2, "frozen", { thaw: ["a"], start: 1 }],
    ["not to be kept any more: it goes", ["frozen"], 0, "cold", { stop: ["a"] }],
    ["a prepared one comes before a new one", ["prepared"], 2, "prepared", { launch: ["a"], start: 1 }],
    ["and after a frozen one", ["prepared", "frozen"], 1, "prepared", { thaw: ["b"] }],
    ["prepared, it is no instance that is too many", ["ready", "prepared"], 1, "prepared", {}],
    ["none is to be prepared any more: it goes", ["ready", "prepared"], 1, "cold", { stop: ["b"] }],
    ["prepared in place of frozen", ["frozen"], 0, "prepared", { stop: ["a"] }],
    ["until anybody says, what is prepared stays", ["prepared"], 0, undefined, {}],
    ["until anybody says, it stays", ["frozen"], 0, undefined, {}],
  ])("%s", (...[, phases, desired, idle, plan]) => {
    expect(planScale(instances(...phases), desired, idle)).toEqual({ ...NOTHING, ...plan });
  });
});

test.each<[string, InstancePhase[], Idle | undefined, boolean]>([
  ["one is wanted beside what runs", ["ready"], "prepared", true],
  ["and where nothing does", ["ended", "draining"], "prepared", true],
  ["one is enough", ["ready", "prepared"], "prepared", false],
  ["not while another starts", ["starting"], "prepared", false],
  ["not of what cannot start", ["backoff"], "prepared", false],
  ["not unless it is said", [], undefined, false],
  ["not where another thing is kept", [], "frozen", false],
])("a spare: %s", (_, phases, idle, wanted) => expect(wantsSpare(instances(...phases), idle)).toBe(wanted));
