import { systemClock } from "@ebb/base";
import { Coverage } from "./coverage.ts";
import { mutate, seeds, type Draw } from "./mutate.ts";
import { check } from "./oracle.ts";

export interface FuzzReport {
  runs: number;
  corpus: number;
  blocks: { run: number; known: number };
  accepted: number;
  refused: number;
}

/** Fuzzes the HTTP/1 parser until the time is over. Throws at the first promise that is broken, with the input that did it. */
export async function fuzz(seconds: number, seed: number): Promise<FuzzReport> {
  const draw = drawing(seed);
  const coverage = new Coverage();
  await coverage.start();
  const corpus = seeds();
  const report: FuzzReport = { runs: 0, corpus: 0, blocks: coverage.blocks, accepted: 0, refused: 0 };
  const until = systemClock.monotonic() + seconds * 1000;
  try {
    for (const input of corpus) run(input, draw, report);
    await coverage.news();
    while (systemClock.monotonic() < until) {
      const input = mutate(pick(corpus, draw), pick(corpus, draw), draw);
      run(input, draw, report);
      if ((await coverage.news()) > 0) corpus.push(input);
    }
    return { ...report, corpus: corpus.length, blocks: coverage.blocks };
  } finally {
    coverage.stop();
  }
}

function run(input: Buffer, draw: Draw, report: FuzzReport): void {
  const cuts = draw(8) === 0 ? Array.from(input, (_, at) => at) : Array.from({ length: 1 + draw(4) }, () => draw(input.length + 1));
  try {
    const { messages, refused } = check(input, cuts);
    report.runs++;
    report.accepted += messages.length;
    if (refused !== 0) report.refused++;
  } catch (error) {
    throw new Error(`input ${JSON.stringify(input.toString("latin1"))}, cut at ${JSON.stringify(cuts)}`, { cause: error });
  }
}

const pick = (corpus: readonly Buffer[], draw: Draw): Buffer => corpus[draw(corpus.length)] ?? Buffer.alloc(0);

/** The same numbers for the same seed (mulberry32). */
function drawing(seed: number): Draw {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}
