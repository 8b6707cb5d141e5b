import fc from "fast-check";
import { expect, test } from "vitest";
import { RateTable, type Bucket } from "./rate-table.ts";

const START = Date.UTC(2026, 10, 28);
const perSecond = (requests: number, burst = requests): Bucket => ({ interval: 1_000_000 / requests, burst });

test("a bucket lets its burst through at once, then one for each interval, and says how long to wait", () => {
  const table = new RateTable();
  const bucket = perSecond(10, 3);
  const at = (ms: number) => table.take("a", bucket, START + ms);
  expect([at(0), at(0), at(0), at(0)]).toEqual([0, 0, 0, 100]);
  expect([at(99), at(100), at(100)]).toEqual([1, 0, 100]);
  // Full again, and no fuller than that.
  expect([at(9000), at(9000), at(9000), at(9000)]).toEqual([0, 0, 0, 100]);
});

test("keys do not take from each other, and workers take from the same", () => {
  const table = new RateTable();
  const other = new RateTable(table.memory);
  expect([table.take("a", perSecond(1), START), table.take("b", perSecond(1), START)]).toEqual([0, 0]);
  expect(other.take("a", perSecond(1), START)).toBe(1000);
});

test("a clock that is set back locks nobody out for longer than a whole bucket", () => {
  const table = new RateTable();
  table.take("a", perSecond(1), START + 3_600_000);
  expect(table.take("a", perSecond(1), START)).toBeLessThanOrEqual(1000);
});

test("whatever comes when, what is let through is within the burst and the rate", () => {
  const arrivals = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20 }), (gaps, rate, burst) => {
      const table = new RateTable();
      let now = START;
      const passed: number[] = [];
      for (const gap of gaps) {
        now += gap;
        const wait = table.take("k", perSecond(rate, burst), now);
        if (wait === 0) passed.push(now);
        // What it said is true: that much later there is one.
        else expect(new RateTable(copyOf(table.memory)).take("k", perSecond(rate, burst), now + wait)).toBe(0);
      }
      for (const [i, from] of passed.entries()) {
        for (const [j, to] of passed.slice(i).entries()) expect(j + 1).toBeLessThanOrEqual(burst + (rate * (to - from)) / 1000 + 0.01);
      }
    }),
    { numRuns: 60 },
  );
});

function copyOf(memory: SharedArrayBuffer): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(memory.byteLength);
  new Uint8Array(copy).set(new Uint8Array(memory));
  return copy;
}

test("a hundred thousand clients take no more memory than one, and the one who asks too much is still held", () => {
  const table = new RateTable();
  for (let i = 0; i < 100_000; i++) table.take(`client ${i}`, perSecond(1), START);
  let passed = 0;
  for (let i = 0; i < 50; i++) if (table.take("greedy", perSecond(1), START + 1) === 0) passed++;
  expect(passed).toBe(1);
});
