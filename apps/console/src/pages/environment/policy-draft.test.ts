import type { Environment } from "@ebb/api";
import { expect, test } from "vitest";
import { changedFields, draftOf, patchOf } from "./policy-draft.ts";

const environment = {
  deployRole: "developer",
  releaseRole: "releaser",
  approvals: 1,
  rollbacksWait: false,
  warm: true,
  scaling: { min: 0, max: 10, idleSeconds: null },
  limits: { maxInstances: 50 },
  order: 40,
} as Environment;
const draft = draftOf(environment);

test.each([
  ["nothing", {}, {}],
  ["a role", { deployRole: "admin" }, { deployRole: "admin" }],
  ["one figure of scaling only", { max: 20 }, { scaling: { max: 20 } }],
  ["no idle time to one", { idleSeconds: 60 }, { scaling: { idleSeconds: 60 } }],
  ["several", { warm: false, maxInstances: 0, approvals: 2 }, { warm: false, limits: { maxInstances: 0 }, approvals: 2 }],
] as const)("of what was changed, %s is sent", (_, change, patch) => {
  expect(patchOf(draft, { ...draft, ...change })).toEqual(patch);
  expect(changedFields(draft, { ...draft, ...change }).toSorted()).toEqual(Object.keys(change).toSorted());
});
