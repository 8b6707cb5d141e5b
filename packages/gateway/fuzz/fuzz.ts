import { systemClock } from "@ebb/base";
import { checkAnswers } from "./answer-oracle.ts";
import { Coverage } from "./coverage.ts";
import { checkHttp2, http2Seeds } from "./http2-oracle.ts";
import { answerSeeds, mutate, requestSeeds, type Draw } from "./mutate.ts";
import { checkRequests, type Reading } from "./oracle.ts";

export interface FuzzReport {
  runs: number;
  corpus: number;
  blocks: { run: number; known: number };
  accepted: number;
  refused: number;
}

/** What is fuzzed, and what is known of it: inputs that did something that no other had done. */
export interface Target {
  name: "requests" | "answers" | "http2";
  corpus: Buffer[];
  check(input: Buffer, cuts: readonly number[]): Reading;
}

export function targets(): Target[] {
  return [
    { name: "requests", corpus: requestSeeds(), check: checkRequests },
    { name: "answers", corpus: answerSeeds(), check: checkAnswers },
    { name: "http2", corpus: http2Seeds(), check: checkHttp2 },
  ];
}

/** Asking the engine what has run takes as long as fifty inputs. */
const BATCH = 32;
/** Of so many batches one is looked at input by input, though no new block has run: how often the known ones did may be news. */
const CLOSELY = 32;

/** Longer inputs are not cut at every byte: one would take as long as a thousand others. */
const MOST_BYTEWISE = 512;

export interface FuzzOptions {
  seconds: number;
  seed: number;
  targets: readonly Target[];
  /** Told of each input that is added to a corpus. */
  onFound(target: Target, input: Buffer): void;
}

/** Fuzzes the parsers of HTTP/1 and HTTP/2 until the time is over. Throws at the first promise that is broken, with the input that did it. */
export async function fuzz({ seconds, seed, targets: all, onFound }: FuzzOptions): Promise<FuzzReport> {
  const draw = drawing(seed);
  const coverage = new Coverage();
  await coverage.start();
  const report: FuzzReport = { runs: 0, corpus: 0, blocks: coverage.blocks, accepted: 0, refused: 0 };
  const until = systemClock.monotonic() + seconds * 1000;
  try {
    for (const target of all) for (const input of target.corpus) run(target, input, { draw, report });
    await coverage.news();
    while (systemClock.monotonic() < until) {
      const target = all[draw(all.length)] as Target;
      const { corpus } = target;
      const batch = Array.from({ length: BATCH }, () => mutate(pick(corpus, draw), pick(corpus, draw), draw));
      for (const input of batch) run(target, input, { draw, report });
      if (!(await coverage.glance()) && draw(CLOSELY) > 0) continue;
      for (const input of batch) {
        run(target, input, { draw, report });
        if ((await coverage.news()) === 0) continue;
        corpus.push(input);
        onFound(target, input);
      }
    }
    return { ...report, corpus: all.reduce((sum, { corpus }) => sum + corpus.length, 0), blocks: coverage.blocks };
  } finally {
    coverage.stop();
  }
}

function run(target: Target, input: Buffer, { draw, report }: { draw: Draw; report: FuzzReport }): void {
  const bytewise = input.length <= MOST_BYTEWISE && draw(8) === 0;
  const cuts = bytewise ? Array.from(input, (_, at) => at) : Array.from({ length: 1 + draw(4) }, () => draw(input.length + 1));
  try {
    const { messages, refused } = target.check(input, cuts);
    report.runs++;
    report.accepted += messages.length;
    if (refused !== 0) report.refused++;
  } catch (error) {
    throw new Error(`${target.name}: input ${JSON.stringify(input.toString("latin1"))}, cut at ${JSON.stringify(cuts)}`, { cause: error });
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
