/**
 * Another platform process beside the one that `ebb up` runs, on the same PostgreSQL and the same data folder: the same API and console at an
 * address of its own. Whichever of them is killed, the others take its operations over.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Group, systemClock, UserError } from "@ebb/base";
import { defaultDataDir, parsePort, type PlatformConfig, type ServerConfig } from "./config.ts";
import { layout, readJson, writeJson } from "./data-folder.ts";
import { createLogger } from "./logger.ts";
import { takeDatabaseUrl } from "./platform-database.ts";
import { requireFreePort } from "./preflight.ts";
import { report } from "./report.ts";
import { runMain, stopAtSignals } from "./run-main.ts";
import { SupervisedProcess } from "./supervised-process.ts";

interface Options {
  dataDir: string;
  port: number;
  host: string | undefined;
  kubeconfig: string | undefined;
  gateway: { host: string; port: number } | undefined;
}

/** Throws UserError `bad_option`. */
function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv): Options {
  const text = { type: "string" } as const;
  const options = { data: text, "platform-port": text, host: text, kubeconfig: text, gateway: text };
  try {
    const { values } = parseArgs({ args: [...argv], allowPositionals: false, options });
    return {
      dataDir: resolve(values.data ?? defaultDataDir(env, process.getuid?.())),
      port: parsePort("platform-port", values["platform-port"], 8190),
      host: values.host,
      kubeconfig: values.kubeconfig === undefined ? undefined : resolve(values.kubeconfig),
      gateway: gatewayOf(values.gateway),
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError("bad_option", error instanceof Error ? error.message : "unreadable options", { cause: error });
  }
}

function gatewayOf(text: string | undefined): Options["gateway"] {
  if (text === undefined) return undefined;
  const [, host = "", port] = /^\[?([^\s\]]+?)\]?:(\d+)$/.exec(text) ?? [];
  if (host === "") throw new UserError("bad_option", `--gateway ${text}: expected HOST:PORT`);
  return { host, port: parsePort("gateway", port, 0) };
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), process.env);
  const paths = layout(options.dataDir);
  const first = await readJson<ServerConfig>(paths.config);
  if (!first)
    throw new UserError("no_first_platform", `No Ebb has been started with the data folder ${options.dataDir}`, {
      hint: "Start it with `ebb up` and the same database URL; then others can be started beside it.",
    });
  // Looked at only: the platform itself takes it from the environment that it is started with.
  if ((await takeDatabaseUrl({ ...process.env })) === undefined)
    throw new UserError("database_url_missing", "Two platforms share a PostgreSQL, and no URL of one was given", {
      hint: "Give the first one's: EBB_DATABASE_URL, EBB_DATABASE_URL_FILE, or --database-url.",
    });
  const config: PlatformConfig = {
    ...first,
    host: options.host ?? first.host,
    platformPort: options.port,
    kubeconfig: options.kubeconfig ?? paths.kubeconfig,
    ingress: options.gateway ?? { host: first.host, port: first.gatewayPort },
  };
  await requireFreePort(config.host, config.platformPort, "--platform-port");
  const name = `platform-${config.platformPort}`;
  await writeJson(paths.configOf(name), config, 0o600);
  await supervise(name, config);
}

async function supervise(name: string, config: PlatformConfig): Promise<void> {
  const { logs, kubeconfig } = layout(config.dataDir);
  const { log, rotation } = createLogger(logs, `supervisor-of-${name}`, systemClock);
  const platform = `http://${config.host}:${config.platformPort}`;
  let consoleUrl = `${platform}/`;
  const child = new SupervisedProcess({
    name,
    entry: join(import.meta.dirname, "platform-main.ts"),
    dataDir: config.dataDir,
    logsDir: logs,
    clock: systemClock,
    log,
    onReady: (facts) => (consoleUrl = facts["console"] ?? consoleUrl),
  });
  const group = new Group("platform", [rotation, child]);
  stopAtSignals(() => group.stop());
  process.stdout.on("error", () => undefined);
  await group.start();
  const api = `https://${config.host}:${config.apiPort}`;
  const gateway = `http://${config.ingress.host}:${config.ingress.port}`;
  report({ event: "ready", firstRun: false, console: consoleUrl, platform, gateway, api, kubeconfig, dataDir: config.dataDir });
}

runMain(main);
