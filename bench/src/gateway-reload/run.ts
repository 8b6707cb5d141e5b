import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Benchmark } from "../main.ts";
import { startSteeredGateway } from "../peers/gateway.ts";
import { MANY_ROUTES, manyHost, manyRoute, putManyRoutes } from "../peers/many-routes.ts";
import { percentile } from "../peers/percentile.ts";
import { Stage } from "../peers/processes.ts";

const GOAL_MS = 50;
const CHANGES = 500;
const WORKERS = 2;
/** The kernel deals connections out to the workers' ports: with so many, the odds that one worker has none are one in two million. */
const CONNECTIONS = 22;

export const benchmark: Benchmark = {
  summary: `${GOAL_MS} ms divided by the 99th percentile from a route's change until each of ${WORKERS} workers answers by it, with ${MANY_ROUTES} routes`,
  goal: 1,
  run,
};

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const { server, client } = await startSteeredGateway(stage, WORKERS);
    const sockets = Array.from({ length: CONNECTIONS }, () => connect({ port: server.port, host: "127.0.0.1", noDelay: true }));
    try {
      await Promise.all(sockets.map((socket) => once(socket, "connect")));
      await putManyRoutes(client);
      const times: number[] = [];
      for (let change = 1; change <= CHANGES; change++) {
        const route = (change * 7919) % MANY_ROUTES;
        const began = performance.now();
        const accepted = client.putRoute(manyRoute(route, `change ${change}`));
        const seen = async (socket: Socket) => {
          while (!(await answer(socket, route)).endsWith(`change ${change}`)) continue;
        };
        await Promise.all(sockets.map(seen));
        times.push(performance.now() - began);
        await accepted;
      }
      times.sort((a, b) => a - b);
      const p99 = percentile(times, 0.99);
      console.log(
        `  ${CHANGES} changes: p50 ${percentile(times, 0.5).toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, longest ${times.at(-1)?.toFixed(2)} ms`,
      );
      return GOAL_MS / p99;
    } finally {
      for (const socket of sockets) socket.destroy();
      await client.stop();
    }
  });
}

/** The gateway's own short answers come in one piece. */
async function answer(socket: Socket, route: number): Promise<string> {
  socket.write(`GET /bench HTTP/1.1\r\nHost: ${manyHost(route)}\r\n\r\n`);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return chunk.toString("latin1");
}
