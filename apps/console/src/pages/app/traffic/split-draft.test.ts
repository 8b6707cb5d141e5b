import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changesOf, offered, targetsOf, withBorder, without, withPercent, type Split } from "./split-draft.ts";

const sum = (split: Split) => Object.values(split).reduce((all, percent) => all + percent, 0);
/** A split of 100 between one and six versions. */
const splits = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 0, maxLength: 5 }).map((cuts): Split => {
  const borders = [0, ...cuts.toSorted((a, b) => a - b), 100];
  return Object.fromEntries(borders.slice(1).map((border, index) => [`v${index + 1}`, border - (borders[index] ?? 0)]));
});

describe("editing a split", () => {
  test("keeps its sum at 100, and every share a whole number from 0 on, whatever is typed, dragged, taken out", () => {
    fc.assert(
      fc.property(splits, splits, fc.nat(5), fc.integer({ min: -20, max: 140 }), (split, usual, at, percent) => {
        const names = Object.keys(split);
        const version = names[at % names.length] ?? "v1";
        const next = names[(at + 1) % names.length] ?? "v1";
        const made = [withPercent(split, usual, version, percent), without(split, usual, version)];
        if (next !== version) made.push(withBorder(split, [version, next], percent));
        for (const one of made) {
          expect(sum(one)).toBe(100);
          expect(Object.values(one).every((share) => Number.isInteger(share) && share >= 0)).toBe(true);
        }
      }),
    );
  });

  test("takes from the others in proportion, and gives back as it was usual", () => {
    const all = withPercent({ v3: 50, v2: 30, v1: 20 }, {}, "v3", 100);
    expect(all).toEqual({ v3: 100, v2: 0, v1: 0 });
    expect(withPercent(all, { v3: 50, v2: 30, v1: 20 }, "v3", 50)).toEqual({ v3: 50, v2: 30, v1: 20 });
    expect(withPercent({ v3: 0, v2: 75, v1: 25 }, {}, "v3", 20)).toEqual({ v3: 20, v2: 60, v1: 20 });
  });

  test("by a border moves between the two at it only", () => {
    expect(withBorder({ v3: 50, v2: 30, v1: 20 }, ["v3", "v2"], 70)).toEqual({ v3: 70, v2: 10, v1: 20 });
    expect(withBorder({ v3: 50, v2: 30, v1: 20 }, ["v3", "v2"], 95)).toEqual({ v3: 80, v2: 0, v1: 20 });
  });

  test("begins with what is in force and the newest version, or with that alone", () => {
    expect(offered({ v2: 100 }, "v3")).toEqual({ v3: 0, v2: 100 });
    expect(offered({}, "v3")).toEqual({ v3: 100 });
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
