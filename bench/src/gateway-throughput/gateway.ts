/** The gateway as it is in production, with every feature on, in front of one instance. */
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { createGateway, createGatewayClient } from "@ebb/gateway";

const [, , port, folder = ""] = process.argv;
const socketPath = join(folder, "gateway.sock");

const gateway = createGateway({
  listeners: [{ host: "127.0.0.1", port: 0, visibility: "external" }],
  socketPath,
  tablePath: join(folder, "table.json"),
  clock: systemClock,
  random: systemRandom,
  log: silentLogger,
});
await gateway.start();
const client = createGatewayClient({ socketPath, clock: systemClock, log: silentLogger });
await client.start();
client.begin();
const limits = { containerConcurrency: 0, timeoutSeconds: 300, responseStartTimeoutSeconds: 300, idleTimeoutSeconds: 60 };
await client.putBackend({
  key: "ns/bench",
  protocol: "http1",
  ...limits,
  endpoints: [{ id: "bench-1", host: "127.0.0.1", port: Number(port) }],
});
const splits = [{ revision: "ns/bench", percent: 100 }];
await client.putRoute({ key: "ns/bench", hash: "1", hosts: [{ host: "bench.test", visibility: "external", splits, setHeaders: {} }] });
console.log(gateway.addresses()[0]?.port);
