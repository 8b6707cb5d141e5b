import { join } from "node:path";
import type { Benchmark } from "../main.ts";
import { layOut, startByHand } from "../peers/by-hand.ts";
import { showPhases } from "../peers/phases.ts";
import { Stage } from "../peers/processes.ts";
import { rounds } from "../peers/rounds.ts";
import { APP, withSleepingApps } from "../peers/sleeping-apps.ts";

const ROUNDS = 15;

export const benchmark: Benchmark = {
  summary:
    "first byte of a sleeping Node application through the gateway, by the process driver: starting it by hand and polling, divided by that",
  goal: 1 / 1.15,
  run,
};

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const folder = await layOut(join(stage.folder, "app"), APP);
    return withSleepingApps({ count: ROUNDS + 1 }, async ({ names, wake, coldStarts }) => {
      const left = [...names];
      const figure = await rounds(ROUNDS, {
        ours: () => wake(left.shift() ?? ""),
        theirs: () => startByHand(folder),
        ratio: (ours, theirs) => theirs / ours,
        show: (took) => `${took.toFixed(1)} ms`,
      });
      showPhases(await coldStarts());
      return figure;
    });
  });
}
