import fc from "fast-check";
import { expect, test } from "vitest";
import { sortVersions, type VersionFacts } from "./policy.ts";

const DAY = 86_400_000;
const NOW = 100 * DAY;

test("the newest stay, with what is routed, pinned, served before, or young; the oldest go first", () => {
  const versions = Array.from({ length: 8 }, (_, at) => ({ number: at + 1, createdAt: (at + 90) * DAY, pinned: at === 1 ? "ann" : "" }));
  const { kept, gone } = sortVersions(versions, { routed: new Set([1]), before: 3 }, { keep: 2, days: 5 }, NOW);
  expect(kept.map(({ number, why }) => `v${number} ${why}`)).toEqual(["v8 newest", "v7 newest", "v3 rollback", "v2 pinned", "v1 routed"]);
  expect(gone).toEqual([4, 5, 6]);
  expect(sortVersions(versions, { routed: new Set(), before: undefined }, { keep: 2, days: 7 }, NOW).gone).toEqual([1, 3, 4]);
});

test("none is lost, none goes that anything holds, and a laxer policy never prunes more", () => {
  const version = fc.record({ createdAt: fc.integer({ min: 0, max: NOW }), pinned: fc.constantFrom("", "ann") });
  const policy = fc.record({ keep: fc.integer({ min: 1, max: 12 }), days: fc.option(fc.integer({ min: 1, max: 90 })) });
  fc.assert(
    fc.property(
      fc.array(version, { maxLength: 20 }),
      fc.array(fc.nat(20)),
      fc.option(fc.nat(20)),
      policy,
      (made, routes, before, asked) => {
        const versions: VersionFacts[] = made.map((facts, at) => ({ number: at + 1, ...facts }));
        const holders = { routed: new Set(routes), before: before ?? undefined };
        const { kept, gone } = sortVersions(versions, holders, asked, NOW);
        expect([...kept.map(({ number }) => number), ...gone].toSorted((a, b) => a - b)).toEqual(versions.map(({ number }) => number));
        for (const number of gone) {
          const facts = versions[number - 1];
          expect(holders.routed.has(number) || number === before || facts?.pinned !== "").toBe(false);
          expect(versions.filter((other) => other.number > number).length).toBeGreaterThanOrEqual(asked.keep);
          if (asked.days !== null) expect(NOW - (facts?.createdAt ?? 0)).toBeGreaterThanOrEqual(asked.days * DAY);
        }
        const lax = { keep: asked.keep + 1, days: asked.days === null ? 1 : asked.days + 1 };
        expect(gone).toEqual(expect.arrayContaining(sortVersions(versions, holders, lax, NOW).gone));
      },
    ),
  );
});
