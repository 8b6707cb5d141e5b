/** `npm run bench` lists the benchmarks; `npm run bench -- NAME` runs one. Its last line is `NAME figure=F goal=G met|short`. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { Missing } from "./peers/processes.ts";

/** What each `src/NAME/run.ts` exports as `benchmark`. */
export interface Benchmark {
  /** One sentence: what is measured, against which peer. */
  summary: string;
  /** At least this is wanted; figures are ratios wherever there is a peer. */
  goal: number;
  run(): Promise<number>;
}

async function names(): Promise<string[]> {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return folders.filter((name) => existsSync(join(import.meta.dirname, name, "run.ts"))).sort();
}

async function load(name: string): Promise<Benchmark> {
  const module = (await import(pathToFileURL(join(import.meta.dirname, name, "run.ts")).href)) as { benchmark: Benchmark };
  return module.benchmark;
}

async function main(wanted: string | undefined): Promise<number> {
  const known = await names();
  if (wanted === undefined) {
    for (const name of known) console.log(`${name.padEnd(24)} ${(await load(name)).summary}`);
    return 0;
  }
  if (!known.includes(wanted)) {
    console.error(`there is no benchmark "${wanted}"; there are: ${known.join(", ")}`);
    return 2;
  }
  const { goal, run } = await load(wanted);
  let figure: number;
  try {
    figure = await run();
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    console.log(`${wanted} skipped: ${error.message}`);
    return 0;
  }
  console.log(`${wanted} figure=${figure.toFixed(2)} goal=${goal.toFixed(2)} ${figure >= goal ? "met" : "short"}`);
  return 0;
}

process.exitCode = await main(process.argv[2]);
