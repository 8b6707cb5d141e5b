import type { RuleCondition, TrafficRule } from "@ebb/api";
import { describe, expect, test } from "vitest";
import { conditionOf, draftCondition, faultOf, moved, ruleChanges, type DraftCondition } from "./rules-draft.ts";

const rule = (value: string, version = "v2"): TrafficRule => ({ version, when: [{ on: "header", name: "x", is: "exact", value }] });
const draft = (of: Partial<DraftCondition>): DraftCondition => ({ on: "header", name: "x-canary", is: "exact", value: "1", ...of });

test.each<RuleCondition>([
  { on: "header", name: "x-canary", is: "exact", value: "1" },
  { on: "cookie", name: "stage", is: "present" },
  { on: "query", name: "v", is: "regex", value: "[0-9]+" },
  { on: "path", is: "prefix", value: "/api" },
  { on: "users", header: "x-user", users: ["ann", "bob"] },
])("$on goes through the form as it was", (condition) => {
  expect(faultOf(draftCondition(condition))).toBe(null);
  expect(conditionOf(draftCondition(condition))).toEqual(condition);
});

test.each([
  ["a header without a name", { name: "" }, "name"],
  ["a name with a space", { name: "x canary" }, "name"],
  ["a value that is missing", { value: "" }, "value"],
  ["a value that need not be there", { is: "present", value: "" }, null],
  ["a path without a value", { on: "path", name: "", value: "" }, "value"],
  ["no users", { on: "users", value: " , \n" }, "value"],
  ["users in lines", { on: "users", value: "ann\nbob," }, null],
  ["what is not ASCII", { value: "größer" }, "value"],
] as const)("%s: %o", (_, of, fault) => expect(faultOf(draft(of))).toBe(fault));

describe("what changes of the rules", () => {
  test("is nothing between equal ones", () => {
    expect(ruleChanges([rule("1"), rule("2")], [rule("1"), rule("2")])).toEqual({ added: [], removed: [], reordered: false });
  });
  test("is a new one, one that goes, and one that says something else", () => {
    const changes = ruleChanges([rule("1"), rule("2")], [rule("0"), rule("1"), rule("2", "v3")]);
    expect(changes.added.map(({ at }) => at)).toEqual([1, 3]);
    expect(changes.removed.map(({ at }) => at)).toEqual([2]);
    expect(changes.reordered).toBe(false);
  });
  test("is the order, also of those that stay beside a new one", () => {
    expect(ruleChanges([rule("1"), rule("2")], moved([rule("1"), rule("2"), rule("3")], 1, 0))).toMatchObject({
      added: [{ at: 3 }],
      removed: [],
      reordered: true,
    });
  });
  test("is one of two that are the same", () => {
    expect(ruleChanges([rule("1"), rule("1")], [rule("1")])).toMatchObject({ added: [], removed: [{ at: 2 }] });
  });
});
