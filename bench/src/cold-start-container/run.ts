import { join } from "node:path";
import type { Benchmark } from "../main.ts";
import { showPhases } from "../peers/phases.ts";
import { Stage } from "../peers/processes.ts";
import { rounds } from "../peers/rounds.ts";
import { buildWebServer, containersAtRest, startByRunc } from "../peers/runc.ts";
import { withSleepingApps } from "../peers/sleeping-apps.ts";

const ROUNDS = 9;
/** What is made ahead is made a second after the last start. */
const REST = 2000;
const IMAGE = "localhost/ebb-bench-web:latest";

export const benchmark: Benchmark = {
  summary: "first byte of a sleeping container (busybox httpd) through the gateway: runc run of the same and polling, divided by that",
  goal: 1 / 2,
  run,
};

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const { bundle, remove } = await buildWebServer(join(stage.folder, "web"), IMAGE);
    try {
      return await withSleepingApps({ count: ROUNDS + 1, image: IMAGE }, async ({ ebb, names, wake, coldStarts }) => {
        const left = [...names];
        const figure = await rounds(ROUNDS, {
          ours: async () => {
            await containersAtRest(ebb.dataDir, REST);
            return wake(left.shift() ?? "");
          },
          theirs: () => startByRunc(bundle),
          ratio: (ours, theirs) => theirs / ours,
          show: (took) => `${took.toFixed(1)} ms`,
        });
        showPhases(await coldStarts());
        return figure;
      });
    } finally {
      await remove();
    }
  });
}
