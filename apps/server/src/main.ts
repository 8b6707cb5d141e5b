/**
 * The supervisor: opens the data folder, starts the three processes of Ebb and keeps them running until it is told to stop.
 *
 *   gateway   the data plane; outlives the others and this one
 *   cluster   Kubernetes API, controllers, autoscaler, instances
 *   platform  REST API, operations, builds, console
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Group, sleep, systemClock, systemCode, type Logger, type Runnable } from "@ebb/base";
import { stopOwnEngine } from "@ebb/runtime/engine";
import { gatewaySettings, parseConfig, type ServerConfig } from "./config.ts";
import { GATEWAY_FLAGS } from "./gateway-flags.ts";
import { layout, openDataFolder, readJson, writeJson } from "./data-folder.ts";
import { addClusterAddress } from "./cluster-address.ts";
import { createLogger } from "./logger.ts";
import { requireFreePort } from "./preflight.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { report } from "./report.ts";
import { runMain, stopAtSignals } from "./run-main.ts";
import { SupervisedProcess } from "./supervised-process.ts";

async function main(): Promise<void> {
  const config = parseConfig(process.argv.slice(2), process.env);
  const paths = layout(config.dataDir);
  const { firstRun } = await openDataFolder(config);
  const { log, rotation } = createLogger(paths.logs, "supervisor", systemClock);
  const gateway = await runningGateway(config);
  await checkPorts(config, gateway !== undefined);
  const withAddress = await addClusterAddress(config, log);
  await writeJson(paths.config, withAddress, 0o600);

  let consoleUrl = `http://${config.host}:${config.platformPort}/`;
  const processes = superviseAll(withAddress, log, (url) => {
    consoleUrl = url;
  });
  const group = new Group("ebb", [rotation, ...processes.map(withProgress)]);
  for (const later of processes.slice(1)) later.load();
  stopAtSignals(async () => {
    report({ event: "stopping" });
    await group.stop();
    stopOwnEngine(paths.engineSocket);
    await Promise.all([paths.server, paths.lock, paths.processOf("gateway")].map((path) => rm(path, { force: true })));
    report({ event: "stopped" });
  });
  // Whoever started us in the foreground may have gone: its pipe breaking must not end the platform half-way.
  process.stdout.on("error", (error) => log.info({ code: systemCode(error) }, "nobody reads the progress any more"));
  await group.start();
  const urls = {
    platform: `http://${config.host}:${config.platformPort}`,
    gateway: `http://${config.host}:${config.gatewayPort}`,
    api: `https://${config.host}:${config.apiPort}`,
  };
  await writeJson(
    paths.server,
    {
      pid: process.pid,
      startedAt: new Date(systemClock.now()).toISOString(),
      ...urls,
      internal: `http://127.0.0.1:${config.internalPort}`,
      console: urls.platform,
      kubeconfig: paths.kubeconfig,
    },
    0o600,
  );
  report({ event: "ready", firstRun, console: consoleUrl, ...urls, kubeconfig: paths.kubeconfig, dataDir: config.dataDir });
}

function superviseAll(config: ServerConfig, log: Logger, onConsole: (url: string) => void): SupervisedProcess[] {
  const { logs } = layout(config.dataDir);
  const common = { dataDir: config.dataDir, logsDir: logs, clock: systemClock, log };
  const entry = (name: string) => join(import.meta.dirname, `${name}-main.ts`);
  return [
    new SupervisedProcess({
      ...common,
      name: "gateway",
      entry: entry("gateway"),
      nodeFlags: GATEWAY_FLAGS,
      detached: { running: () => runningGateway(config) },
    }),
    new SupervisedProcess({ ...common, name: "cluster", entry: entry("cluster") }),
    new SupervisedProcess({ ...common, name: "platform", entry: entry("platform"), onReady: (facts) => onConsole(facts["console"] ?? "") }),
  ];
}

function withProgress(part: Runnable): Runnable {
  return {
    name: part.name,
    async start() {
      const began = systemClock.monotonic();
      report({ event: "phase", name: part.name, state: "running", message: `starting the ${part.name}` });
      try {
        await part.start();
      } catch (error) {
        report({ event: "phase", name: part.name, state: "failed", message: error instanceof Error ? error.message : "failed" });
        throw error;
      }
      report({
        event: "phase",
        name: part.name,
        state: "succeeded",
        message: `${part.name} is ready`,
        ms: Math.round(systemClock.monotonic() - began),
      });
    },
    stop: () => part.stop(),
  };
}

async function runningGateway(config: ServerConfig): Promise<ProcessIdentity | undefined> {
  const found = await readJson<ProcessIdentity & { gateway?: string }>(layout(config.dataDir).processOf("gateway"));
  if (!found || !(await isAlive(found))) return undefined;
  if (found.gateway === gatewaySettings(config)) return found;
  // Left over from a run with other settings: it would serve at an address that nobody is told of, say.
  process.kill(found.pid, "SIGTERM");
  while (await isAlive(found)) await sleep(systemClock, 50);
  return undefined;
}

async function checkPorts(config: ServerConfig, gatewayRuns: boolean): Promise<void> {
  if (!gatewayRuns) {
    await requireFreePort(config.host, config.gatewayPort, "--gateway-port");
    if (config.tlsPort !== undefined) await requireFreePort(config.host, config.tlsPort, "--tls-port");
    await requireFreePort("127.0.0.1", config.internalPort, "--internal-port");
  }
  await requireFreePort(config.host, config.platformPort, "--platform-port");
  await requireFreePort(config.host, config.apiPort, "--api-port");
}

runMain(main);
