import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Logger } from "@ebb/base";
import { applicationAddress, type ServerConfig } from "./config.ts";

const run = promisify(execFile);

/**
 * Puts the cluster's address, and that of applications, on the loopback device, as Kubernetes' node-local DNS does: containers reach it by their default route, nothing
 * outside this machine can. Without the right to do so containers start all the same, but do not find each other by name.
 */
export async function addClusterAddress(config: ServerConfig, log: Logger): Promise<ServerConfig> {
  if (!config.containers || config.clusterAddress === undefined) return { ...config, clusterAddress: undefined };
  try {
    for (const address of [config.clusterAddress, applicationAddress(config.clusterAddress)])
      await run("ip", ["address", "replace", `${address}/32`, "dev", "lo"]);
    return config;
  } catch (error) {
    log.info(
      { error, address: config.clusterAddress },
      "no cluster address: containers cannot call other applications by their cluster names",
    );
    return { ...config, clusterAddress: undefined };
  }
}
