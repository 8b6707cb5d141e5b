import { expect, test } from "vitest";
import { createConditions, keepTimes } from "./conditions.ts";
import type { Condition } from "./meta.ts";

const set = createConditions({ ready: "Ready", dependents: ["A", "B"], info: ["Active"] });
const NOW = Date.UTC(2026, 0, 1);
const LATER = NOW + 60_000;
const cause = { reason: "Broken", message: "it is broken" };
const statuses = (conditions: Condition[]) => Object.fromEntries(conditions.map(({ type, status }) => [type, status]));

test("begins Unknown, sorted by type", () => {
  expect(set.initialize(undefined, NOW).map(({ type, status }) => `${type} ${status}`)).toEqual([
    "A Unknown",
    "B Unknown",
    "Ready Unknown",
  ]);
});

test("a dependent that is new to an object that is ready begins True", () => {
  expect(statuses(set.initialize([{ type: "Ready", status: "True" }], NOW))).toEqual({ A: "True", B: "True", Ready: "True" });
});

test("Ready is True only when every dependent is", () => {
  const one = set.markTrue(set.initialize(undefined, NOW), "A", NOW);
  expect(statuses(one)).toEqual({ A: "True", B: "Unknown", Ready: "Unknown" });
  const both = set.markTrue(one, "B", NOW);
  expect(set.isReady(both)).toBe(true);
});

test("a False dependent makes Ready False with its cause, and an Unknown one does not hide it", () => {
  const failed = set.markFalse(set.initialize(undefined, NOW), "A", cause, NOW);
  expect(set.get(failed, "Ready")).toMatchObject({ status: "False", ...cause });
  const unknown = set.markUnknown(failed, "B", { reason: "Wait", message: "waiting" }, NOW);
  expect(set.get(unknown, "Ready")).toMatchObject({ status: "False", ...cause });
  const mended = set.markTrue(unknown, "A", NOW);
  expect(set.get(mended, "Ready")).toMatchObject({ status: "Unknown", reason: "Wait" });
});

test("times change only with what they stamp", () => {
  const failed = set.markFalse(set.initialize(undefined, NOW), "A", cause, NOW);
  expect(set.markFalse(failed, "A", cause, LATER)).toEqual(failed);
  const changed = set.markFalse(failed, "A", { ...cause, message: "differently" }, LATER);
  expect(set.get(changed, "A")?.lastTransitionTime).toBe("2026-01-01T00:01:00Z");
  expect(set.get(changed, "B")?.lastTransitionTime).toBe("2026-01-01T00:00:00Z");
});

test("two Unknown dependents, marked again later, move the time of Ready there and back; kept, nothing has changed", () => {
  const mark = (conditions: Condition[], now: number) =>
    set.markUnknown(set.markUnknown(conditions, "A", cause, now), "B", { reason: "Wait", message: "waiting" }, now);
  const before = mark(set.initialize(undefined, NOW), NOW);
  const again = mark(before, LATER);
  expect(again).not.toEqual(before);
  expect(keepTimes(before, again)).toEqual(before);
  const failed = set.markFalse(again, "A", { ...cause, message: "worse" }, LATER);
  expect(set.get(keepTimes(before, failed), "A")?.lastTransitionTime).toBe("2026-01-01T00:01:00Z");
});

test("True may have a cause, and keeps its time with it", () => {
  const marked = set.markTrueBecause(undefined, "A", cause, NOW);
  expect(set.get(marked, "A")).toMatchObject({ status: "True", ...cause });
  expect(set.markTrueBecause(marked, "A", cause, LATER)).toEqual(marked);
});

test("an info condition is marked as such, decides nothing and can be cleared; the others cannot", () => {
  const ready = set.markTrue(set.markTrue(undefined, "A", NOW), "B", NOW);
  const idle = set.markFalse(ready, "Active", { reason: "NoTraffic", message: "asleep" }, NOW);
  expect(set.isReady(idle)).toBe(true);
  expect(set.get(idle, "Active")?.severity).toBe("Info");
  expect(set.get(idle, "A")).not.toHaveProperty("severity");
  expect(set.get(set.clear(idle, "Active"), "Active")).toBeUndefined();
  expect(() => set.clear(idle, "A")).toThrow("cannot be cleared");
  expect(() => set.markTrue(idle, "Typo", NOW)).toThrow("no condition Typo");
});

test("a kind without dependents sets Ready itself, and its info conditions leave it alone", () => {
  const plain = createConditions({ ready: "Ready", dependents: [], info: ["Active"] });
  expect(statuses(plain.markTrue(plain.initialize(undefined, NOW), "Active", NOW))).toEqual({ Active: "True", Ready: "Unknown" });
  expect(plain.isReady(plain.markTrue(undefined, "Ready", NOW))).toBe(true);
});
