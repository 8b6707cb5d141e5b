import type { ColdStart } from "@ebb/api";
import { expect, test } from "vitest";
import { en } from "../../../i18n/en.ts";
import { figuresOf, segmentsOf } from "./cold-start-phases.ts";

const start = (total: number, more: Partial<ColdStart> = {}) => ({ total, from: "cold", waited: true, ...more }) as ColdStart;

test.each([
  ["nothing", [], { count: 0, median: null, slowest: null, waited: 0, frozen: 0 }],
  ["one", [start(200)], { count: 1, median: 200, slowest: 200, waited: 1, frozen: 0 }],
  ["two", [start(300, { waited: false }), start(100)], { count: 2, median: 200, slowest: 300, waited: 1, frozen: 0 }],
  ["three", [start(900), start(5, { from: "frozen" }), start(100)], { count: 3, median: 100, slowest: 900, waited: 3, frozen: 1 }],
])("figures of %s", (_, starts, figures) => expect(figuresOf(starts)).toEqual(figures));

test("phases come in the order in which they happen, each with a colour of its own", () => {
  const phases = { decision: 1, queued: 2, sandbox: 3, launch: 4, boot: 5, seen: 6, firstByte: 7 };
  const segments = segmentsOf({ phases }, en);
  expect(segments.map(({ duration }) => duration)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(new Set(segments.map(({ colour }) => colour)).size).toBe(7);
});
