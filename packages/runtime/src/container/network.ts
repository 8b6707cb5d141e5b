import type Docker from "dockerode";
import type { Engine } from "./engine.ts";
import { engineStatus } from "./engine-errors.ts";
import { podmanPost } from "./podman-api.ts";

export const NETWORK = "ebb";
/** Where the published ports of a rootless engine's containers are. */
export const LOOPBACK = "127.0.0.1";

/** A container's address on that bridge. */
export function insideAddress({ NetworkSettings }: Pick<Docker.ContainerInspectInfo, "NetworkSettings">): string {
  return Object.values(NetworkSettings.Networks ?? {})[0]?.IPAddress ?? "";
}

/**
 * Makes the bridge on which containers are, unless it is there. Podman's own API is asked, because only it can leave out the engine's DNS
 * server, which would answer before Ebb's. Rootless engines keep their default network: their containers are reached by published ports.
 */
export async function ensureNetwork(engine: Engine): Promise<string | undefined> {
  if (engine.rootless) return undefined;
  try {
    await engine.docker.getNetwork(NETWORK).inspect();
    return NETWORK;
  } catch (error) {
    if (engineStatus(error) !== 404) throw error;
  }
  if (engine.name === "podman") await createOnPodman(engine.socketPath);
  else await engine.docker.createNetwork({ Name: NETWORK, Driver: "bridge" });
  return NETWORK;
}

async function createOnPodman(socketPath: string): Promise<void> {
  try {
    await podmanPost(socketPath, "/networks/create", { name: NETWORK, driver: "bridge", dns_enabled: false });
  } catch (error) {
    // Another Ebb made it in the meantime.
    if (engineStatus(error) !== 409) throw error;
  }
}
