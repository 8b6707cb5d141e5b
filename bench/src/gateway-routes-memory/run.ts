import { stat } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { Benchmark } from "../main.ts";
import { startBareGateway, startSteeredGateway } from "../peers/gateway.ts";
import { MANY_ROUTES, putManyRoutes } from "../peers/many-routes.ts";
import { residentKiB, Stage } from "../peers/processes.ts";

const GOAL_MIB = 40;
/** Some seconds after its start, when it has nothing to do, a gateway gives back what the start took. */
const SETTLE_MS = 10_000;
/** The same of one that has grown: it looks each ten seconds. The table is on the disk long before. */
const GROWN_MS = 15_000;

export const benchmark: Benchmark = {
  summary: `${GOAL_MIB} MiB divided by the memory that ${MANY_ROUTES} routes with two rules and a version each take, however it came by them`,
  goal: 1,
  run,
};

/** The figure is of one thread; what two workers take, which have a table each beside that of the thread that steers them, is printed. */
async function run(): Promise<number> {
  const taken = await measure(1);
  await measure(2);
  return GOAL_MIB / taken;
}

/** MiB of a gateway that has started with the table, less one that has started without, or the same of one that was given the table while it ran, whichever is more. */
function measure(workers: number): Promise<number> {
  return Stage.run(async (stage) => {
    const { server, client, table } = await startSteeredGateway(stage, workers);
    const empty = await startBareGateway(stage, { workers });
    await wait(SETTLE_MS);
    const without = await residentKiB(empty.server.pid);
    const before = await residentKiB(server.pid);
    await putManyRoutes(client);
    await client.stop();
    await wait(GROWN_MS);
    const grown = await residentKiB(server.pid);
    const started = await startBareGateway(stage, { table, workers });
    await wait(SETTLE_MS);
    const after = await residentKiB(started.server.pid);
    const [took, live] = [(after - without) / 1024, (grown - before) / 1024];
    const bytes = (await stat(table)).size;
    console.log(
      `  ${workers} of workers, ${(bytes / 2 ** 20).toFixed(1)} MiB of table; MiB more when started with it: ${took.toFixed(1)}; given it while running: ${live.toFixed(1)}`,
    );
    return Math.max(took, live);
  });
}
