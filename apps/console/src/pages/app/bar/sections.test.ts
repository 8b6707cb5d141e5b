import { expect, test } from "vitest";
import { en } from "../../../i18n/en.ts";
import { everyPart, groupOf, partOf } from "./sections.ts";

test.each([
  ["/apps/shop/prod", "overview", "overview"],
  ["/apps/shop/prod/", "overview", "overview"],
  ["/apps/shop/prod/traffic", "split", "traffic"],
  ["/apps/shop/prod/guard", "guard", "traffic"],
  ["/apps/shop/prod/versions/v2", "versions", "versions"],
  ["/apps/shop/prod/scaling-policy", "scalingPolicy", "scaling"],
  ["/apps/shop/prod/cold-starts", "coldStarts", "scaling"],
  ["/apps/shop/prod/promote", "promote", "versions"],
  ["/apps/traffic/logs", "overview", "overview"],
])("%s is the part %s of %s", (pathname, part, group) => {
  const found = partOf(pathname);
  expect([found.title, groupOf(found)?.title]).toEqual([part, group]);
});

test("each part is named once and has an address of its own", () => {
  const parts = everyPart(en.appBar);
  expect(new Set(parts.map(({ title }) => title)).size).toBe(parts.length);
  expect(new Set(parts.map(({ path }) => path)).size).toBe(parts.length);
});
