import { join } from "node:path";
import type { Engine } from "./engine.ts";

/**
 * Where Podman keeps what a container has while it is initialised, by its full id: `pidfile`, which the runtime writes last of all, and `hosts`. Undefined for engines whose folders are not
 * this machine's, or not ours to write to.
 */
export function runFolders({ podman, rootless }: Pick<Engine, "podman" | "rootless">): ((container: string) => string) | undefined {
  if (!podman || rootless) return undefined;
  const { runRoot, graphDriverName } = podman.store;
  if (!runRoot || !graphDriverName) return undefined;
  return (container) => join(runRoot, `${graphDriverName}-containers`, container, "userdata");
}
