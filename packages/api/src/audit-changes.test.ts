import { expect, test } from "vitest";
import { auditAbout, auditChanges } from "./audit-changes.ts";

test("what differs is told by its path, and what is alike is not", () => {
  const before = { warm: false, scaling: { min: 0, max: 5 }, roles: ["a"], "traffic.v1": "100 %" };
  const after = { warm: true, scaling: { min: 0, max: 9 }, roles: ["a", "b"], "traffic.v2": "100 %", gone: null };
  expect(auditChanges({ before, after })).toEqual([
    { path: "roles", from: '["a"]', to: '["a","b"]' },
    { path: "scaling.max", from: "5", to: "9" },
    { path: "traffic.v1", from: "100 %", to: null },
    { path: "traffic.v2", from: null, to: "100 %" },
    { path: "warm", from: "false", to: "true" },
  ]);
  expect(auditChanges({ before: null, after: null })).toEqual([]);
  expect(auditChanges({ before: null, after: "edited by hand" })).toEqual([{ path: "", from: null, to: "edited by hand" }]);
});

test.each([
  [{ kind: "release", environment: "prod" }, "release in prod"],
  [{ kind: "delete", operation: "x" }, "delete"],
  [{ environment: "prod" }, ""],
  [null, ""],
  ["edited by hand", ""],
])("a row that ends with %j is about %j", (after, about) => expect(auditAbout({ after })).toBe(about));
