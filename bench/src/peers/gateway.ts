import { copyFile, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger, systemClock } from "@ebb/base";
import { createGatewayClient, type GatewayClient } from "@ebb/gateway";
import { GATEWAY_FLAGS } from "../../../apps/server/src/gateway-flags.ts";
import { OTHER_CORE, PROXY_CORE, type Server, type Stage } from "./processes.ts";

/** Where bare-gateway-process.ts has its table. */
const TABLE = "table.json";

/** The gateway as it is in production, with every feature on, in front of one instance, with so many routes beside its own. */
export async function startGateway(stage: Stage, origin: number, routes = 0, protocol = "http1"): Promise<Server> {
  const folder = await mkdtemp(join(stage.folder, "gateway-"));
  const program = join(import.meta.dirname, "gateway-process.ts");
  return stage.startNode(PROXY_CORE, "ebb", [...GATEWAY_FLAGS, program, `${origin}`, folder, `${routes}`, protocol]);
}

export interface SteeredGateway {
  server: Server;
  client: GatewayClient;
  /** Where it keeps its table. */
  table: string;
}

interface BareGateway {
  table?: string;
  /** More than one share all cores. */
  workers?: number;
}

/** The gateway alone in its process, with the table of another one if that is given. */
export async function startBareGateway(
  stage: Stage,
  { table, workers = 1 }: BareGateway = {},
): Promise<{ server: Server; folder: string }> {
  const folder = await mkdtemp(join(stage.folder, "gateway-"));
  if (table !== undefined) await copyFile(table, join(folder, TABLE));
  const args = [...GATEWAY_FLAGS, join(import.meta.dirname, "bare-gateway-process.ts"), folder, `${workers}`];
  const server = await stage.startNode(workers > 1 ? `${PROXY_CORE},${OTHER_CORE}` : PROXY_CORE, "ebb", args);
  return { server, folder };
}

/** The same, steered from here as the cluster does it; the caller stops the client. */
export async function startSteeredGateway(stage: Stage, workers = 1): Promise<SteeredGateway> {
  const { server, folder } = await startBareGateway(stage, { workers });
  const client = createGatewayClient({ socketPath: join(folder, "gateway.sock"), clock: systemClock, log: silentLogger });
  await client.start();
  client.begin();
  return { server, client, table: join(folder, TABLE) };
}
