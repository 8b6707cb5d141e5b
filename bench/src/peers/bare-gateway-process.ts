/** A gateway with the table in `FOLDER`, if there is one; listens for its control plane on `gateway.sock` there, has so many WORKERS, and prints its port. */
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { createGateway } from "@ebb/gateway";
import { heapCompaction } from "../../../apps/server/src/compact-heap.ts";

const [, , folder = "", workers = "1"] = process.argv;
const gateway = createGateway({
  listeners: [{ host: "127.0.0.1", port: 0, visibility: "external" }],
  socketPath: join(folder, "gateway.sock"),
  tablePath: join(folder, "table.json"),
  clock: systemClock,
  random: systemRandom,
  log: silentLogger,
  workers: Number(workers),
});
await gateway.start();
// As in production, once the start is over: the engine gives memory back, and the gateway rehearses.
await heapCompaction({ clock: systemClock, compact: () => gateway.settle() }).start();
console.log(gateway.addresses()[0]?.port);
