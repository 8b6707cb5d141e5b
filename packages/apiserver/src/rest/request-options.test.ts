import { expect, test } from "vitest";
import { flagOf } from "./request-options.ts";

test.each<[string, boolean]>([
  ["", false],
  ["watch", true],
  ["watch=true", true],
  ["watch=True", true],
  ["watch=1", true],
  ["watch=yes", true],
  ["watch=0", false],
  ["watch=False", false],
  ["watch=false&watch=true", false],
])("a flag in %j is %s", (query, expected) => {
  expect(flagOf(new URLSearchParams(query), "watch")).toBe(expected);
});
