/** A gateway in a process of its own, for one instance: `FOLDER PORT WORKERS CONCURRENCY PATIENCE`. Tells its port, then, each time it is asked, what it holds. */
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { createGateway, createGatewayClient } from "@ebb/gateway";

export interface GatewayState {
  /** Bytes after a collection of garbage; of the first thread. */
  heap: number;
  rss: number;
  /** What keeps the event loop alive, by kind: sockets, timers. */
  resources: Record<string, number>;
}

const [, , folder = "", port, workers, concurrency, patience] = process.argv;
const socketPath = join(folder, "gateway.sock");
const gateway = createGateway({
  listeners: [{ host: "127.0.0.1", port: 0, visibility: "external" }],
  socketPath,
  tablePath: join(folder, "table.json"),
  clock: systemClock,
  random: systemRandom,
  log: silentLogger,
  workers: Number(workers),
  // Soon back to rest.
  limits: { upstreamIdle: 200, lingerTimeout: 200 },
});
await gateway.start();
const client = createGatewayClient({ socketPath, clock: systemClock, log: silentLogger });
await client.start();
client.begin();
const limits = { timeoutSeconds: 60, responseStartTimeoutSeconds: Number(patience), idleTimeoutSeconds: Number(patience) };
const endpoints = [{ id: "one", host: "127.0.0.1", port: Number(port) }];
await client.putBackend({ key: "ns/app", protocol: "http1", containerConcurrency: Number(concurrency), ...limits, endpoints });
const splits = [{ revision: "ns/app", percent: 100 }];
await client.putRoute({ key: "ns/app", hash: "1", hosts: [{ host: "app.test", visibility: "external", splits, setHeaders: {} }] });

process.on("message", () => void state().then((now) => process.send?.(now)));
process.send?.(gateway.addresses()[0]?.port ?? 0);

async function state(): Promise<GatewayState> {
  globalThis.gc?.();
  await gateway.settle();
  // What has just called back counts until its turn is over.
  await new Promise((resolve) => setImmediate(resolve));
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return { heap: process.memoryUsage().heapUsed, rss: process.memoryUsage.rss(), resources };
}
