import { spawn, type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient, type Client } from "@ebb/api/client";
import { COMPILE_CACHE, shareCompileCache } from "./compile-cache.ts";
import { freePorts } from "./ports.ts";
import { httpRequest, type HttpAnswer } from "./http-request.ts";
import { tempDir } from "./temp-dir.ts";

const ROOT = join(import.meta.dirname, "../../..");

export type ProcessName = "gateway" | "cluster" | "platform";

/** A whole Ebb in a data folder of its own: real processes, as `ebb up` starts them, on free ports. */
export interface EbbServer {
  readonly dataDir: string;
  readonly client: Client;
  readonly gateway: { host: string; port: number };
  readonly urls: { console: string; platform: string; api: string; kubeconfig: string };
  /** Through the gateway, to `APP-test.sls-local.localhost`, where a deploy goes, or a full host name. */
  get(appOrHost: string, path?: string): Promise<HttpAnswer>;
  /** The process now running under that name. */
  pid(name: ProcessName): Promise<number>;
  supervisorPid(): number;
  /** As Ctrl-C does; resolves after all is stopped. */
  stop(): Promise<void>;
  /** `kill -9` of the supervisor and everything it runs but the instances. */
  killAll(): Promise<void>;
  /** Starts it again on the same folder and ports. */
  start(): Promise<void>;
  /** Stops it and removes the folder. */
  dispose(): Promise<void>;
}

interface ReadyEvent {
  console: string;
  platform: string;
  api: string;
  kubeconfig: string;
}

export async function startEbb(options: { args?: string[]; env?: Record<string, string> } = {}): Promise<EbbServer> {
  const folder = await tempDir("ebb-server-");
  await shareCompileCache(folder.path);
  const [gatewayPort = 0, platformPort = 0, apiPort = 0, internalPort = 0] = await freePorts(4);
  const ports = { gateway: gatewayPort, platform: platformPort, api: apiPort, internal: internalPort };
  const args = [
    "--data",
    folder.path,
    ...Object.entries(ports).flatMap(([name, port]) => [`--${name}-port`, `${port}`]),
    ...(options.args ?? []),
  ];
  let running = await launch(args, options.env);
  const { token } = JSON.parse(await readFile(join(folder.path, "credentials.json"), "utf8")) as { token: string };
  const gateway = { host: "127.0.0.1", port: gatewayPort };
  const pid = async (name: ProcessName) =>
    (JSON.parse(await readFile(join(folder.path, `run/${name}.json`), "utf8")) as { pid: number }).pid;
  const stop = async () => {
    if (running.child.exitCode !== null || running.child.signalCode !== null) return;
    running.child.kill("SIGTERM");
    await running.ended;
  };
  return {
    dataDir: folder.path,
    client: createClient({ baseUrl: running.ready.platform, token }),
    gateway,
    get urls() {
      return running.ready;
    },
    get: (name, path = "/") => httpRequest(gateway, { host: name.includes(".") ? name : `${name}-test.sls-local.localhost`, path }),
    pid,
    supervisorPid: () => running.child.pid ?? 0,
    stop,
    async killAll() {
      const pids = await Promise.all((["gateway", "cluster", "platform"] as const).map(pid));
      running.child.kill("SIGKILL");
      for (const each of pids) kill(each);
      await running.ended;
    },
    async start() {
      running = await launch(args, options.env);
    },
    async dispose() {
      await stop();
      await folder.remove();
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

async function launch(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ child: ChildProcess; ready: ReadyEvent; ended: Promise<void> }> {
  const child = spawn(process.execPath, [join(ROOT, "apps/server/src/main.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines: string[] = [];
  const ready = await new Promise<ReadyEvent>((resolve, reject) => {
    child.once("error", reject);
    void ended.then(() => reject(new Error(`the server ended before it was ready:\n${lines.join("\n")}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      const event = JSON.parse(line) as { event: string } & ReadyEvent;
      if (event.event === "ready") resolve(event);
    });
  });
  return { child, ready, ended };
}
