import { expect, test } from "vitest";
import { KeptFrozen } from "./kept-frozen.ts";

test("those that were frozen first go for the newest; what is no longer frozen does not count", () => {
  const frozen = new Set(["a", "b", "c", "d"]);
  const kept = new KeptFrozen(100, (id) => frozen.has(id));
  expect(kept.add("a", 50)).toEqual([]);
  expect(kept.add("b", 50)).toEqual([]);
  expect(kept.add("c", 40)).toEqual(["a"]);
  frozen.delete("b");
  expect(kept.add("d", 60)).toEqual([]);
});

test("one that is larger than all that may be kept goes itself", () => {
  expect(new KeptFrozen(100, () => true).add("a", 101)).toEqual(["a"]);
});
