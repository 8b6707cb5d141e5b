import { describe, expect, test } from "vitest";
import { jsonPatch, mergePatch, type Json, type JsonObject } from "./patch.ts";
import { strategicMergePatch } from "./strategic-merge-patch.ts";

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

describe("strategic merge patch", () => {
  const pod: JsonObject = {
    metadata: { labels: { a: "1", b: "2" }, finalizers: ["x", "y"] },
    spec: {
      containers: [
        { name: "one", image: "a", env: [{ name: "E", value: "1" }], args: ["x", "y"] },
        { name: "two", image: "b" },
      ],
    },
  };
  test("lists merge by their key, plain lists are replaced, null removes", () => {
    const patch: JsonObject = {
      metadata: { labels: { b: null, c: "3" } },
      spec: { containers: [{ name: "one", image: "c", env: [{ name: "F", value: "2" }], args: ["z"] }, { name: "three" }] },
    };
    expect(strategicMergePatch(pod, patch)).toMatchObject({
      metadata: { labels: { a: "1", c: "3" }, finalizers: ["x", "y"] },
      spec: {
        containers: [
          {
            name: "one",
            image: "c",
            env: [
              { name: "E", value: "1" },
              { name: "F", value: "2" },
            ],
            args: ["z"],
          },
          { name: "two", image: "b" },
          { name: "three" },
        ],
      },
    });
    expect(pod["metadata"]).toMatchObject({ labels: { b: "2" } });
  });

  test("$patch: delete takes one item out, replace puts the whole list", () => {
    const deleted = strategicMergePatch(pod, { spec: { containers: [{ name: "one", $patch: "delete" }] } });
    expect(deleted["spec"]).toEqual({ containers: [{ name: "two", image: "b" }] });
    const replaced = strategicMergePatch(pod, { spec: { containers: [{ $patch: "replace" }, { name: "new" }] } });
    expect(replaced["spec"]).toEqual({ containers: [{ name: "new" }] });
    expect(strategicMergePatch(pod, { metadata: { $patch: "replace", labels: { z: "1" } } })["metadata"]).toEqual({ labels: { z: "1" } });
  });

  test("finalizers are joined; $deleteFromPrimitiveList takes them out", () => {
    expect(strategicMergePatch(pod, { metadata: { finalizers: ["z", "x"] } })["metadata"]).toMatchObject({ finalizers: ["x", "y", "z"] });
    const patch = { metadata: { "$deleteFromPrimitiveList/finalizers": ["x"] } };
    expect(strategicMergePatch(pod, patch)["metadata"]).toMatchObject({ finalizers: ["y"] });
  });

  test("$setElementOrder orders, and $retainKeys drops the rest", () => {
    const patch: JsonObject = {
      spec: { "$setElementOrder/containers": [{ name: "two" }, { name: "one" }], containers: [{ name: "two" }] },
    };
    const { containers } = strategicMergePatch(pod, patch)["spec"] as { containers: JsonObject[] };
    expect(containers.map((container) => container["name"])).toEqual(["two", "one"]);
    expect(strategicMergePatch({ a: 1, b: 2 }, { $retainKeys: ["b"] })).toEqual({ b: 2 });
  });

  test("an item without its key is refused", () => {
    expect(() => strategicMergePatch(pod, { spec: { containers: [{ image: "c" }] } })).toThrow("merge key: name");
  });
});
