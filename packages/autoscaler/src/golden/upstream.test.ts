import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { play, type Decided } from "./play.ts";
import { RandomTrace } from "./random-trace.ts";

/**
 * What knative/serving's own code decided over random traces. Each line is the trace's seed and its decisions: `RECOMMENDED[!],BURST,DESIRED PHASE`, `!` in panic
 * mode, `-` for the first two where there was nothing to decide by; `*N` is N times the same. How it came about: docs/reference/serving.md.
 */
const LINES = readFileSync(new URL("upstream.txt", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .filter((line) => !line.startsWith("#"));
const PHASES: Record<string, string> = { "~": "activating", "+": "active", ".": "inactive" };

/** Of a tick without data upstream keeps what it decided before; only what becomes of it is compared. */
type Expected = Pick<Decided, "desired" | "phase"> & Partial<Decided>;

function parse(line: string): { seed: number; decisions: Expected[] } {
  const [seed, ...groups] = line.split(" ");
  const decisions = groups.flatMap((group) => {
    const [one = "", times = "1"] = group.split("*");
    return Array.from({ length: Number(times) }, () => parseOne(one));
  });
  return { seed: Number(seed), decisions };
}

function parseOne(text: string): Expected {
  const [, recommended, panic, burst, desired, phase = ""] = /^(?:(\d+)(!?),(-?\d+)|-),(\d+)(.)$/.exec(text) ?? [];
  const made = { desired: Number(desired), phase: PHASES[phase] ?? "" };
  return recommended === undefined
    ? made
    : { ...made, recommended: Number(recommended), panicking: panic === "!", excessBurstCapacity: Number(burst) };
}

test.each(LINES.map(parse))("trace $seed: decided as by upstream's code", ({ seed, decisions }) => {
  // Instances follow what upstream decided, so that the trace stays the same whatever is decided here.
  const decided = play(new RandomTrace(seed), decisions.length, (index) => decisions[index]?.desired ?? 0);
  expect(decided.length).toBeGreaterThan(100);
  expect(decided).toMatchObject(decisions);
});
