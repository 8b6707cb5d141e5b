import { expect, test } from "vitest";
import { amountOf, draftOf, figuresOf, isBad, patchOf } from "./quota-draft.ts";

const quota = { apps: 20, instances: null, cpu: "8", memory: "16Gi" };

test("sends what differs; empty is as much as there is", () => {
  const draft = draftOf(quota);
  expect(patchOf(quota, draft)).toEqual({});
  expect(patchOf(quota, { ...draft, apps: "", instances: "50", cpu: "1500m" })).toEqual({ apps: null, instances: 50, cpu: "1500m" });
  expect(patchOf(quota, { ...draft, memory: "" })).toEqual({ memory: null });
});

test.each([
  ["apps", "12", false],
  ["apps", "-1", true],
  ["apps", "100001", true],
  ["cpu", "1500m", false],
  ["cpu", "1.5", false],
  ["cpu", "1.5m", true],
  ["memory", "16Gi", false],
  ["memory", "16GB", true],
  ["memory", "", false],
] as const)("of %s takes %j: bad is %j", (resource, typed, bad) => {
  expect(isBad(resource, typed)).toBe(bad);
});

test("counts what is used against the limit, in whichever unit each is", () => {
  expect(amountOf("1500m")).toBe(1.5);
  expect(amountOf("2Gi")).toBe(2 * 2 ** 30);
  const figures = figuresOf({ quota: { ...quota, apps: 0 }, used: { apps: 0, instances: 7, cpu: "2", memory: "512Mi" } });
  expect(figures.map(({ share }) => share)).toEqual([1, null, 0.25, 1 / 32]);
});
