/** The platform process: REST API, operations, builds, console. It knows the cluster by its kubeconfig only. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Group, systemClock, systemRandom } from "@ebb/base";
import { createBuilder } from "@ebb/builder";
import { createPlatform, parseSignInConfig } from "@ebb/platform";
import { takeMasterKey } from "./master-key.ts";
import { keepIn, takeDatabase } from "./platform-database.ts";
import { heapCompaction } from "./compact-heap.ts";
import type { PlatformConfig } from "./config.ts";
import { runChild } from "./child.ts";
import { readJson } from "./data-folder.ts";
import { engineOf } from "./engine.ts";

const ROOT = join(import.meta.dirname, "../../..");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };

await runChild("platform", async ({ name, config, paths, credentials, log }) => {
  const { kubeconfig = paths.kubeconfig, ingress = { host: config.host, port: config.gatewayPort } } = config as Partial<PlatformConfig>;
  const masterKey = await takeMasterKey(process.env);
  const database = await takeDatabase(process.env, paths);
  const engine = await engineOf(config, log);
  const builder = createBuilder({
    bundlesRoot: paths.bundles,
    // At its start it clears what builds of its own have left, and nobody else's.
    workRoot: name === "platform" ? paths.builds : join(paths.builds, name),
    ...(engine ? { engine: { socketPath: engine.socketPath } } : {}),
    toolchain: { node: process.execPath },
    env: process.env,
    clock: systemClock,
    random: systemRandom,
    log,
  });
  const platform = createPlatform({
    database,
    kubeconfigPath: kubeconfig,
    clusterName: config.clusterName,
    ingress: { ...ingress, tlsPort: config.tlsPort },
    baseDomain: config.baseDomain,
    listen: { host: config.host, port: config.platformPort },
    dataRoot: paths.platformData,
    builder,
    consoleRoot: join(ROOT, "apps/console/dist"),
    adminToken: credentials.token,
    ...(masterKey ? { masterKey } : {}),
    signIn: parseSignInConfig((await readJson(paths.signIn)) ?? {}),
    version,
    clock: systemClock,
    random: systemRandom,
    log,
  });
  const group = new Group("platform", [platform, heapCompaction({ clock: systemClock })]);
  let consoleLink = "";
  return {
    name: group.name,
    async start() {
      await group.start();
      await keepIn(paths, database);
      consoleLink = await platform.createConsoleLink();
    },
    stop: () => group.stop(),
    facts: () => ({ console: consoleLink }),
  };
});
