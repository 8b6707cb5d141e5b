import { join } from "node:path";
import type { Benchmark } from "../main.ts";
import { layOut, startByHand } from "../peers/by-hand.ts";
import { Stage } from "../peers/processes.ts";
import { rounds } from "../peers/rounds.ts";
import { APP, withSleepingApps } from "../peers/sleeping-apps.ts";

const APPS = 50;
const ROUNDS = 3;

export const benchmark: Benchmark = {
  summary: `${APPS} sleeping Node applications woken at once, until the last has answered: starting as many by hand at once, divided by that`,
  goal: 1 / 1.3,
  run,
};

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const folder = await layOut(join(stage.folder, "app"), APP);
    return withSleepingApps({ count: APPS }, async ({ names, wake, awake, asleep }) =>
      rounds(ROUNDS, {
        ours: async () => {
          await asleep();
          const took = await timed(() => Promise.all(names.map(wake)));
          // Else they may still be taken for asleep when the next round begins.
          await Promise.all(names.map(awake));
          return took;
        },
        theirs: () => timed(() => Promise.all(names.map(() => startByHand(folder)))),
        ratio: (ours, theirs) => theirs / ours,
        show: (took) => `${took.toFixed(0)} ms`,
      }),
    );
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
