import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Benchmark } from "../main.ts";
import { startGateway } from "../peers/gateway.ts";
import { startOrigin } from "../peers/nginx.ts";
import { residentKiB, Stage } from "../peers/processes.ts";

const CONNECTIONS = 5000;
const GOAL_KIB = 4;

export const benchmark: Benchmark = {
  summary: `${GOAL_KIB} KiB divided by the memory that an idle kept-alive connection takes, of ${CONNECTIONS} that have had an answer`,
  goal: 1,
  run,
};

function run(): Promise<number> {
  return Stage.run(async (stage) => {
    const origin = await startOrigin(stage, 13);
    const ebb = await startGateway(stage, origin.port);
    // What the process takes for having worked at all is not a connection's.
    for (const socket of await open(ebb.port, 200)) socket.destroy();
    const before = await residentKiB(ebb.pid);
    const sockets = await open(ebb.port, CONNECTIONS);
    const after = await residentKiB(ebb.pid);
    for (const socket of sockets) socket.destroy();
    const each = (after - before) / CONNECTIONS;
    console.log(`  ${before} KiB before, ${after} KiB with ${CONNECTIONS} connections: ${each.toFixed(2)} KiB each`);
    return GOAL_KIB / each;
  });
}

async function open(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.write("GET / HTTP/1.1\r\nHost: bench.test\r\n\r\n");
    await once(socket, "data");
    sockets.push(socket);
  }
  return sockets;
}
