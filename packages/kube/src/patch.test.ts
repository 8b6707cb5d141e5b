import { describe, expect, test } from "vitest";
import { jsonPatch, mergePatch, type Json } from "./patch.ts";

describe("JSON patch", () => {
  const target = { a: { b: [1, 2] }, "x/y": 1 };
  test.each<[string, Json, Json]>([
    ["add to a list's end", [{ op: "add", path: "/a/b/-", value: 3 }], { a: { b: [1, 2, 3] }, "x/y": 1 }],
    ["remove", [{ op: "remove", path: "/a/b/0" }], { a: { b: [2] }, "x/y": 1 }],
    ["an escaped slash", [{ op: "replace", path: "/x~1y", value: 2 }], { a: { b: [1, 2] }, "x/y": 2 }],
    ["test that holds", [{ op: "test", path: "/a/b", value: [1, 2] }], target],
    ["move", [{ op: "move", from: "/a/b", path: "/c" }], { a: {}, c: [1, 2], "x/y": 1 }],
    ["the whole document", [{ op: "replace", path: "", value: { z: 1 } }], { z: 1 }],
  ])("%s", (_, patch, expected) => {
    const before = structuredClone(target);
    expect(jsonPatch(target, patch)).toEqual(expected);
    expect(target).toEqual(before);
  });

  test.each<[Json, number]>([
    [[{ op: "test", path: "/a", value: 1 }], 422],
    [[{ op: "remove", path: "/none" }], 422],
    [[{ op: "replace", path: "/a/c/d", value: 1 }], 422],
    [{ a: 1 }, 400],
    [[{ op: "nonsense", path: "/a" }], 400],
    [[{ op: "add", value: 1 }], 400],
    [[{ op: "add", path: "a", value: 1 }], 400],
    [[{ op: "move", path: "/a" }], 400],
    [[{ op: "add", path: "/__proto__/polluted", value: 1 }], 400],
    [[{ op: "add", path: "/constructor/prototype/polluted", value: 1 }], 400],
  ])("%j is refused with %i", (patch, status) => {
    expect(() => jsonPatch(target, patch)).toThrow(expect.objectContaining({ status }));
    expect({}).not.toHaveProperty("polluted");
  });

  test("a patch of too many operations", () => {
    const many = Array.from({ length: 10_001 }, () => ({ op: "test", path: "/a", value: 1 }));
    expect(() => jsonPatch({ a: 1 }, many)).toThrow("maximum operations");
  });
});

// The examples of RFC 7396, appendix A, that tell its rules apart.
test.each<[Json, Json, Json]>([
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [["a"], { a: 1 }, { a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])("merge patch of %j with %j", (target, patch, expected) => {
  expect(mergePatch(target, patch)).toEqual(expected);
});
