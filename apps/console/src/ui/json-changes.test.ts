import { expect, test } from "vitest";
import { jsonChanges } from "./json-changes.ts";

test.each<[string, unknown, unknown, unknown[]]>([
  ["nothing, where only the order differs", { a: 1, b: { c: "x" } }, { b: { c: "x" }, a: 1 }, []],
  ["a value, by its path", { limits: { max: 3 } }, { limits: { max: 5 } }, [{ path: "limits.max", from: "3", to: "5" }]],
  [
    "what came and what went; null is as if it were not there",
    { a: 1, b: null },
    { b: false },
    [
      { path: "a", from: "1", to: null },
      { path: "b", from: null, to: "false" },
    ],
  ],
  ["entries of lists", { l: ["a"] }, { l: ["a", { why: "x" }] }, [{ path: "l.1.why", from: null, to: "x" }]],
])("finds %s", (_, before, after, expected) => {
  expect(jsonChanges(before, after)).toEqual(expected);
});
