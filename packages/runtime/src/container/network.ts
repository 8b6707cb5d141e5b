import { request } from "node:http";
import type { Engine } from "./engine.ts";
import { engineStatus } from "./engine-errors.ts";

export const NETWORK = "ebb";

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

function createOnPodman(socketPath: string): Promise<void> {
  const body = JSON.stringify({ name: NETWORK, driver: "bridge", dns_enabled: false });
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        method: "POST",
        path: "/v4.0.0/libpod/networks/create",
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      },
      (response) => {
        response.resume();
        const { statusCode = 0 } = response;
        // 409: another Ebb made it in the meantime.
        response.once("end", () =>
          statusCode < 300 || statusCode === 409
            ? resolve()
            : reject(new Error(`podman would not create the network (HTTP ${statusCode})`)),
        );
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}
