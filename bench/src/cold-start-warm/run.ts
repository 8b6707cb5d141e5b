import { eventually, inTest } from "@ebb/testkit";
import type { Benchmark } from "../main.ts";
import { percentile } from "../peers/percentile.ts";
import { showPhases } from "../peers/phases.ts";
import { withSleepingApps } from "../peers/sleeping-apps.ts";

const APPS = 15;
/** Milliseconds to the first byte. */
const GOAL = 5;

export const benchmark: Benchmark = {
  summary: `first byte of a Node application whose process is prepared ahead, up to its first line: ${GOAL} ms / p50`,
  goal: 1,
  run,
};

function run(): Promise<number> {
  return withSleepingApps({ count: APPS }, async ({ ebb, names, wake, coldStarts }) => {
    const isPrepared = async (name: string) => (await ebb.client.listInstances(inTest(name))).some(({ phase }) => phase === "Prepared");
    for (const name of names) await ebb.client.patchScaling(inTest(name), { idle: "prepared" });
    for (const name of names) await eventually(() => isPrepared(name), 30_000);
    const times: number[] = [];
    for (const name of names) {
      times.push(await wake(name));
      // The next one is made, which takes the machine, before the next is measured.
      await eventually(() => isPrepared(name), 30_000);
    }
    const prepared = async () => (await coldStarts()).filter(({ from }) => from === "prepared");
    showPhases(await eventually(async () => ((await prepared()).length >= names.length ? prepared() : undefined)));
    times.sort((a, b) => a - b);
    const p50 = percentile(times, 0.5);
    console.log(`  ${times.length} wakes: p50 ${p50.toFixed(2)} ms, from ${times[0]?.toFixed(2)} to ${times.at(-1)?.toFixed(2)} ms`);
    return GOAL / p50;
  });
}
