import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { PROXY_CORE, type Server, type Stage } from "./processes.ts";

/** The gateway as it is in production, with every feature on, in front of one instance, with so many routes beside its own. */
export async function startGateway(stage: Stage, origin: number, routes = 0): Promise<Server> {
  const folder = await mkdtemp(join(stage.folder, "gateway-"));
  return stage.startNode(PROXY_CORE, "ebb", [join(import.meta.dirname, "gateway-process.ts"), `${origin}`, folder, `${routes}`]);
}
