import { join } from "node:path";
import type { Engine } from "./engine.ts";
import { podmanGet } from "./podman-api.ts";

interface Info {
  store?: { runRoot?: string; graphDriverName?: string };
}

/**
 * Where Podman keeps what a container has while it is initialised, by its full id: `pidfile`, which the runtime writes last of all, and `hosts`. Undefined for engines whose folders are not
 * this machine's, or not ours to write to.
 */
export async function runFolders(
  engine: Pick<Engine, "name" | "rootless" | "socketPath">,
): Promise<((container: string) => string) | undefined> {
  if (engine.name !== "podman" || engine.rootless) return undefined;
  const { runRoot, graphDriverName } = ((await podmanGet(engine.socketPath, "/info")) as Info).store ?? {};
  if (!runRoot || !graphDriverName) return undefined;
  return (container) => join(runRoot, `${graphDriverName}-containers`, container, "userdata");
}
