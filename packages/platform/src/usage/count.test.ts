import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count, KEPT, PATIENCE, secondsByDay, type Counted, type Running } from "./count.ts";
import { sizeOf } from "./size.ts";

const OWNER = { team: "default", app: "shop", env: "test", cpu: 1, memory: 2 };
const instance = (id: string, from: number, ended?: number): Running => ({
  ...OWNER,
  id,
  kept: false,
  from,
  ...(ended === undefined ? {} : { ended }),
});
const kept: Running = { ...OWNER, id: `${KEPT}default/shop`, kept: true, from: 0 };
const known = (...rows: [id: string, until: number][]) =>
  new Map(rows.map(([id, until]): [string, Counted] => [id, { ...OWNER, id, until }]));
const LAST = 1_000_000;
const NOW = LAST + 30_000;
const LATE = LAST + PATIENCE + 30_000;

describe("a count", () => {
  test.each<[string, Parameters<typeof count>, [boolean, number, number][]]>([
    ["goes on where the instance was counted to", [known(["a", LAST]), [instance("a", 0)], { now: NOW, last: LAST }], [[false, LAST, NOW]]],
    ["takes one that is new from its start", [known(), [instance("a", LAST + 5)], { now: NOW, last: LAST }], [[false, LAST + 5, NOW]]],
    [
      "takes one that came and went",
      [known(), [instance("a", LAST + 5, LAST + 9)], { now: NOW, last: LAST }],
      [[false, LAST + 5, LAST + 9]],
    ],
    ["takes one to its end", [known(["a", LAST]), [instance("a", 0, LAST + 9)], { now: NOW, last: LAST }], [[false, LAST, LAST + 9]]],
    ["leaves to another what that one has counted to its end", [known(), [instance("a", 0, LAST - 5)], { now: NOW, last: LAST }], []],
    ["takes one that is gone until now", [known(["a", LAST]), [], { now: NOW, last: LAST }], [[false, LAST, NOW]]],
    ["goes through a gap with what still runs", [known(["a", LAST]), [instance("a", 0)], { now: LATE, last: LAST }], [[false, LAST, LATE]]],
    ["does not guess what ended in a gap", [known(["a", LAST]), [], { now: LATE, last: LAST }], []],
    ["takes the one that is always kept as well", [known([kept.id, LAST]), [kept], { now: NOW, last: LAST }], [[true, LAST, NOW]]],
    ["takes no saving out of a gap", [known([kept.id, LAST]), [kept], { now: LATE, last: LAST }], []],
  ])("%s", (...row) => {
    const [, input, spans] = row;
    const result = count(...input);
    expect(result.spans.map((span) => [span.kept, span.from, span.to])).toEqual(spans);
    expect(result.gap !== undefined).toBe(input[2].now === LATE);
  });

  test("however often it is made, each instance is counted for as long as it lived", () => {
    const moments = fc.uniqueArray(fc.integer({ min: 1, max: 600 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(moments, fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 500 }), (seconds, from, length) => {
        const times = [0, ...seconds.toSorted((a, b) => a - b)].flatMap((at, index, all) => {
          const before = all[index - 1] ?? at;
          // No gap: often enough.
          const between = Math.max(1, Math.ceil((at - before) / 60));
          return Array.from({ length: between }, (_, step) => Math.round(before + ((step + 1) * (at - before)) / between) * 1000);
        });
        const end = times.at(-1) ?? 0;
        const life = { from: from * 1000, ended: (from + length) * 1000 };
        let state = new Map<string, Counted>();
        let last = 0;
        let sum = 0;
        for (const now of times) {
          if (now === last) continue;
          const there = now > life.from && last < life.ended;
          const seen = there ? [instance("a", life.from, life.ended <= now ? life.ended : undefined)] : [];
          const result = count(state, seen, { now, last });
          state = new Map(result.counted.map((row) => [row.id, row]));
          sum += result.spans.reduce((total, span) => total + span.to - span.from, 0);
          last = now;
        }
        expect(sum).toBe(Math.max(0, Math.min(life.ended, end) - Math.min(life.from, end)));
      }),
      { numRuns: 200 },
    );
  });
});

test("a span is cut at midnight", () => {
  const at = (text: string) => Date.parse(text);
  expect([...secondsByDay({ from: at("2026-01-01T23:59:00Z"), to: at("2026-01-03T00:00:30Z") })]).toEqual([
    ["2026-01-01", 60],
    ["2026-01-02", 86_400],
    ["2026-01-03", 30],
  ]);
});

test.each([
  [
    "requests",
    [{ resources: { requests: { cpu: "500m", memory: "512Mi" }, limits: { cpu: "2", memory: "2Gi" } } }],
    { cpu: 0.5, memory: 0.5 },
  ],
  ["limits where nothing is requested", [{ resources: { limits: { cpu: "2" } } }], { cpu: 2, memory: 0.25 }],
  ["what is assumed where nothing is said", [{}], { cpu: 0.25, memory: 0.25 }],
  ["all containers together", [{ resources: { limits: { cpu: "1" } } }, { resources: { limits: { cpu: "1" } } }], { cpu: 2, memory: 0.25 }],
])("a size is by %s", (_, containers, size) => {
  const full = containers.map((container) => ({ image: "x", ...container }));
  expect(sizeOf(full, { cpu: 0.25, memory: 0.25 })).toEqual(size);
});
