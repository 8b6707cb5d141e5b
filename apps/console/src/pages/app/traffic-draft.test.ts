import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { balanced, changesOf, sumOf, targetsOf, withPercent } from "./traffic-draft.ts";

describe("editing a split", () => {
  test("of two versions gives the rest to the other one, so that the sum is always 100", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), (before, after) => {
        expect(sumOf(withPercent({ v2: before, v1: 100 - before }, "v2", after))).toBe(100);
      }),
    );
  });

  test("of three versions leaves the others alone and says what is missing; balancing one mends it", () => {
    const split = withPercent({ v3: 50, v2: 30, v1: 20 }, "v3", 10);
    expect(split).toEqual({ v3: 10, v2: 30, v1: 20 });
    expect(balanced(split, "v1")).toEqual({ v3: 10, v2: 30, v1: 60 });
  });

  test("balancing never goes below nothing", () => {
    expect(balanced({ v3: 90, v2: 30, v1: 20 }, "v1")).toEqual({ v3: 90, v2: 30, v1: 0 });
  });

  test("shows what changes, newest version first by number, and not what stays", () => {
    expect(changesOf({ v9: 70, v2: 30 }, { v10: 20, v9: 50, v2: 30 })).toEqual([
      { version: "v10", from: 0, to: 20 },
      { version: "v9", from: 70, to: 50 },
    ]);
  });

  test("sends only versions that get something", () => {
    expect(targetsOf({ v1: 0, v2: 100 })).toEqual([{ version: "v2", percent: 100 }]);
  });
});
