import { join } from "node:path";
import { eventually, inTest } from "@ebb/testkit";
import type { Benchmark } from "../main.ts";
import { showPhases } from "../peers/phases.ts";
import { Stage } from "../peers/processes.ts";
import { rounds } from "../peers/rounds.ts";
import { buildWebServer, startBare } from "../peers/runc.ts";
import { withSleepingApps } from "../peers/sleeping-apps.ts";

const ROUNDS = 9;
const IMAGE = "localhost/ebb-bench-web:latest";
/** What may come to the program's own boot, milliseconds. */
const ALLOWED = 12;

export const benchmark: Benchmark = {
  summary: `first byte of a container (busybox httpd) that is prepared ahead: ${ALLOWED} ms and what its program takes when it is started bare, divided by that`,
  goal: 1,
  run,
};

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const { remove } = await buildWebServer(join(stage.folder, "web"), IMAGE);
    try {
      return await withSleepingApps({ count: ROUNDS + 1, image: IMAGE }, async ({ ebb, names, wake, coldStarts }) => {
        for (const name of names) await ebb.client.patchScaling(inTest(name), { idle: "prepared" });
        const isPrepared = async (name: string) => (await ebb.client.listInstances(inTest(name))).some(({ phase }) => phase === "Prepared");
        for (const name of names) await eventually(() => isPrepared(name), 30_000);
        const left = [...names];
        const figure = await rounds(ROUNDS, {
          ours: async () => {
            const name = left.shift() ?? "";
            const took = await wake(name);
            // The next one is made, which takes the machine, before the next is measured.
            await eventually(() => isPrepared(name), 30_000);
            return took;
          },
          theirs: startBare,
          ratio: (ours, theirs) => (ALLOWED + theirs) / ours,
          show: (took) => `${took.toFixed(1)} ms`,
        });
        // The gateway tells each second.
        const prepared = async () => (await coldStarts()).filter(({ from }) => from === "prepared");
        showPhases(await eventually(async () => ((await prepared()).length >= names.length ? prepared() : undefined)));
        return figure;
      });
    } finally {
      await remove();
    }
  });
}
