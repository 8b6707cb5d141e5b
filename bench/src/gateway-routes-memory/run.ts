import { setTimeout as wait } from "node:timers/promises";
import type { Benchmark } from "../main.ts";
import { startSteeredGateway } from "../peers/gateway.ts";
import { MANY_ROUTES, putManyRoutes } from "../peers/many-routes.ts";
import { residentKiB, Stage } from "../peers/processes.ts";

const GOAL_MIB = 40;
/** The engine gives memory back while it is idle. */
const SETTLE_MS = 5000;

export const benchmark: Benchmark = {
  summary: `${GOAL_MIB} MiB divided by the memory that ${MANY_ROUTES} routes with two rules and a version each take`,
  goal: 1,
  run,
};

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const { server, client } = await startSteeredGateway(stage);
    try {
      await wait(SETTLE_MS);
      const before = await residentKiB(server.pid);
      await putManyRoutes(client);
      const loaded = await residentKiB(server.pid);
      await wait(SETTLE_MS);
      const after = await residentKiB(server.pid);
      const took = (after - before) / 1024;
      const at = [before, loaded, after].map((kib) => (kib / 1024).toFixed(1));
      console.log(`  MiB: ${at[0]} before, ${at[1]} just loaded, ${at[2]} ${SETTLE_MS / 1000} s later: ${took.toFixed(1)} taken`);
      return GOAL_MIB / took;
    } finally {
      await client.stop();
    }
  });
}
