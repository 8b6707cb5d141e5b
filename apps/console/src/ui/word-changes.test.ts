import { expect, test } from "vitest";
import { wordChanges } from "./word-changes.ts";

test("tells which sentences go and which come, also of two that are the same", () => {
  expect(wordChanges(["a", "a", "b"], ["a", "c"])).toEqual({ goes: ["a", "b"], comes: ["c"] });
});
