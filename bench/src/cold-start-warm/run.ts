import { join } from "node:path";
import { eventually, inTest } from "@ebb/testkit";
import type { Benchmark } from "../main.ts";
import { layOut } from "../peers/by-hand.ts";
import { calm, compareByHand, preparedByHand } from "../peers/kept-by-hand.ts";
import { percentile } from "../peers/percentile.ts";
import { showPhases } from "../peers/phases.ts";
import { Stage } from "../peers/processes.ts";
import { APP, withSleepingApps } from "../peers/sleeping-apps.ts";

const APPS = 15;
/** Milliseconds to the first byte. */
const GOAL = 5;

export const benchmark: Benchmark = {
  summary: `first byte of a Node application whose process is prepared ahead, up to its first line: ${GOAL} ms / p50`,
  goal: 1,
  run,
};

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const folder = await layOut(join(stage.folder, "app"), APP);
    return withSleepingApps({ count: APPS }, async ({ ebb, names, wake, coldStarts }) => {
      const isPrepared = async (name: string) => (await ebb.client.listInstances(inTest(name))).some(({ phase }) => phase === "Prepared");
      for (const name of names) await ebb.client.patchScaling(inTest(name), { idle: "prepared" });
      for (const name of names) await eventually(() => isPrepared(name), 30_000);
      const times: number[] = [];
      const byHand: number[] = [];
      for (const name of names) {
        await calm();
        times.push(await wake(name));
        // The next one is made, which takes the machine, before the next is measured.
        await eventually(() => isPrepared(name), 30_000);
        const kept = await preparedByHand(folder, ebb.dataDir);
        try {
          await calm();
          byHand.push(await kept.wake());
        } finally {
          await kept.end();
        }
      }
      const prepared = async () => (await coldStarts()).filter(({ from }) => from === "prepared");
      showPhases(await eventually(async () => ((await prepared()).length >= names.length ? prepared() : undefined)));
      compareByHand(times, byHand);
      times.sort((a, b) => a - b);
      return GOAL / percentile(times, 0.5);
    });
  });
}
