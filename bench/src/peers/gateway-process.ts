/** A gateway in a process of its own: `PORT-OF-THE-INSTANCE FOLDER ROUTES http1|h2c`; prints the port that it listens on. */
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { createGateway, createGatewayClient } from "@ebb/gateway";

const [, , port, folder = "", routes = "0", spoken = "http1"] = process.argv;
const protocol = spoken === "h2c" ? "h2c" : "http1";
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
const limits = { containerConcurrency: 0, timeoutSeconds: 300, responseStartTimeoutSeconds: 300, idleTimeoutSeconds: 60 };
const endpoints = [{ id: "bench-1", host: "127.0.0.1", port: Number(port) }];
const route = (host: string, revision: string) => {
  const hosts = [{ host, visibility: "external" as const, splits: [{ revision, percent: 100 }], setHeaders: {} }];
  return client.putRoute({ key: revision, hash: "1", hosts });
};
const done = [client.putBackend({ key: "ns/bench", protocol, ...limits, endpoints }), route("bench.test", "ns/bench")];
for (let i = 0; i < Number(routes); i++) {
  const key = `ns/app-${i}`;
  done.push(client.putBackend({ key, protocol: "http1", ...limits, endpoints }), route(`app-${i}.ns.example.test`, key));
}
client.begin();
await Promise.all(done);
console.log(gateway.addresses()[0]?.port);
