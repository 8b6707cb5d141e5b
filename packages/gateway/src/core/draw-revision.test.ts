import fc from "fast-check";
import { expect, test } from "vitest";
import { drawRevision } from "./route-index.ts";

/** Whole percents of 1 to 8 revisions, 100 together, some of them none. */
const SPLITS = fc
  .array(fc.nat(100), { maxLength: 7 })
  .map((cuts) => [0, ...cuts.toSorted((a, b) => a - b), 100])
  .map((cuts) => cuts.slice(1).map((cut, at) => ({ revision: `ns/r${at}`, percent: cut - (cuts[at] ?? 0) })));

function drawn(splits: readonly { revision: string; percent: number }[], points: readonly number[]): Map<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const point of points) {
    const revision = drawRevision({ splits }, { float: () => point });
    counts.set(revision, (counts.get(revision) ?? 0) + 1);
  }
  return counts;
}

test("of draws that are spread evenly each revision gets its percents to the request, and none gets anybody else's", () => {
  // The middle of each of a thousand equal parts of [0, 1): with whole percents the shares come out exactly.
  const points = Array.from({ length: 1000 }, (_, at) => (at + 0.5) / 1000);
  fc.assert(
    fc.property(SPLITS, (splits) => {
      const counts = drawn(splits, points);
      for (const { revision, percent } of splits) expect(counts.get(revision) ?? 0, revision).toBe(percent * 10);
      expect(counts.has(undefined)).toBe(false);
    }),
  );
});

test("the ends of what can be drawn belong to a revision that has a share", () => {
  fc.assert(
    fc.property(SPLITS, (splits) => {
      const sharing = splits.filter(({ percent }) => percent > 0).map(({ revision }) => revision);
      const counts = drawn(splits, [0, 1 - Number.EPSILON / 2]);
      expect([...counts.keys()].toSorted()).toEqual([...new Set([sharing[0], sharing.at(-1)])].toSorted());
    }),
  );
});

test("independent draws stay within what chance allows", () => {
  const draws = 20_000;
  fc.assert(
    fc.property(SPLITS, fc.integer({ min: 1 }), (splits, seed) => {
      // xorshift32: uniform enough for this, and the same for the same seed.
      let state = seed;
      const next = () => {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        return (state >>> 0) / 2 ** 32;
      };
      const counts = drawn(
        splits,
        Array.from({ length: draws }, () => next()),
      );
      for (const { revision, percent } of splits) {
        const p = percent / 100;
        // Six standard deviations: once in half a billion.
        const bound = 6 * Math.sqrt(draws * p * (1 - p)) + 1e-9;
        expect(Math.abs((counts.get(revision) ?? 0) - draws * p), revision).toBeLessThanOrEqual(bound);
      }
    }),
    { numRuns: 30 },
  );
});
