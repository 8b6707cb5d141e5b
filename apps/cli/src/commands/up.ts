import { join, resolve } from "node:path";
import type { App } from "@ebb/api";
import { createClient, type Client } from "@ebb/api/client";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import type { Host } from "../host.ts";
import { signInLink } from "../connection.ts";
import { runningServer, savedToken, type RunningServer } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { findCommand } from "../find-command.ts";
import { DATABASE_URL, withDatabase } from "../server/database-url.ts";
import type { ReadyEvent } from "../server/events.ts";
import { launchServer } from "../server/launch.ts";
import { serverProcess } from "../server/process.ts";
import { StartedServer } from "../server/started.ts";
import { upSummary } from "../server/summary.ts";

/** Where the launcher is. */
const ROOT = join(import.meta.dirname, "../../../..");
const PORT = { kind: "integer", placeholder: "N", min: 1, max: 65_535 } as const;
/** Options that are the server's own and are passed on as they are. */
const PASSED_ON = [
  "gateway-port",
  "tls-port",
  "tls-certificate",
  "tls-key",
  "gateway-workers",
  "waiting-processes",
  "ready-networks",
  "access-log",
  "trace-sampling",
  "platform-port",
  "api-port",
  "internal-port",
  "cluster-name",
  "host",
  "cluster-address",
] as const;

export const upCommand = defineCommand({
  name: "up",
  summary: "Starts the platform on this machine",
  description: `Returns when it is ready and leaves it running; the first time it also deploys the examples. Everything it keeps is in one data
folder. It listens on 127.0.0.1 alone until --host says otherwise.`,
  args: {},
  options: {
    foreground: { kind: "flag", short: "f", summary: "Stay until Ctrl-C, which stops the platform (npm start does this)" },
    "gateway-port": { ...PORT, summary: "Where applications are reached; 8080 otherwise" },
    "tls-port": { ...PORT, summary: "Where applications are reached by TLS; nowhere otherwise" },
    "tls-certificate": {
      kind: "text",
      placeholder: "FILE",
      summary: "PEM of the TLS port's certificate and its chain; self-signed otherwise",
    },
    "tls-key": { kind: "text", placeholder: "FILE", summary: "PEM of its private key" },
    "gateway-workers": {
      kind: "integer",
      placeholder: "N",
      min: 1,
      max: 32,
      summary: "Threads of the gateway; half of the cores otherwise (EBB_GATEWAY_WORKERS)",
    },
    "waiting-processes": {
      kind: "integer",
      placeholder: "N",
      min: 0,
      max: 64,
      summary: "Made ahead for what starts as a process; 4 otherwise (EBB_WAITING_PROCESSES)",
    },
    "ready-networks": {
      kind: "integer",
      placeholder: "N",
      min: 0,
      max: 64,
      summary: "Made ahead for containers by Podman; 4 otherwise (EBB_READY_NETWORKS)",
    },
    "access-log": {
      kind: "text",
      placeholder: "on|off|SHARE",
      summary: "Write each request (0.1: a tenth, and all failures) to logs/access.log; off otherwise",
    },
    "trace-sampling": {
      kind: "text",
      placeholder: "SHARE",
      summary: "Of the traces that begin here, the share to sample, 0 to 1; all otherwise",
    },
    "platform-port": { ...PORT, summary: "Where the console and the REST API are; 8090 otherwise" },
    "api-port": { ...PORT, summary: "Where the Kubernetes API is; 8091 otherwise" },
    "internal-port": { ...PORT, summary: "Where applications reach each other; 8092 otherwise" },
    "database-url": DATABASE_URL,
    "cluster-name": { kind: "text", placeholder: "NAME", summary: "The cluster's part of every URL; `local` otherwise" },
    host: { kind: "text", placeholder: "ADDRESS", summary: "Listen on this address; 127.0.0.1 otherwise, which only this machine reaches" },
    "cluster-address": { kind: "text", placeholder: "ADDRESS", summary: "Where containers find each other (root only), or `none`" },
    "no-containers": { kind: "flag", summary: "Run no containers, even if there is an engine for them" },
    "no-examples": { kind: "flag", summary: "Do not deploy the examples the first time" },
  },
  prints: "data",
  uses: "data-folder",
  examples: [
    { run: "ebb up", what: "In the background" },
    { run: "ebb up --foreground", what: "Until Ctrl-C" },
    { run: "ebb up --data /srv/ebb --gateway-port 80", what: "With a data folder and a port of one's own" },
  ],
  async run(context, { options }) {
    const present = await alreadyRunning(context);
    if (present) {
      context.progress.line(`Ebb is already running (process ${present.pid}).`);
      const link = await signInLink(await clientOf(context, present), present.platform);
      await printSummary(context, { event: "ready", firstRun: false, ...present, console: link });
      return;
    }
    const args = PASSED_ON.flatMap((name) =>
      options[name] === undefined ? [] : [`--${name}`, value(context.host, name, String(options[name]))],
    );
    if (options["no-containers"]) args.push("--no-containers");
    const server = await launchServer(withDatabase(context, options["database-url"]), context.dataFolder, args);
    const follow = new StartedServer(context, server);
    try {
      const ready = await follow.untilReady();
      const client = await clientOf(context, ready);
      if (!options["no-examples"] && (await isUntouched(client))) {
        const { deployExamples } = await import("../server/examples.ts");
        await deployExamples(context, client);
      }
      await printSummary(context, ready);
      if (!options.foreground) return;
      context.progress.line("Ctrl-C stops it.");
      await follow.untilEnded();
    } catch (error) {
      if (!context.host.interrupted.aborted) throw error;
      await follow.stop();
      if (!options.foreground) throw new Failure("interrupted: Ebb was stopped again", { exit: EXIT.interrupted });
    }
  },
});

/** A platform that answers already; throws Failure when one is there that does not. */
async function alreadyRunning(context: Context): Promise<RunningServer | undefined> {
  const pid = await serverProcess(context.dataFolder);
  if (pid === undefined) return undefined;
  const server = await runningServer(context.dataFolder);
  if (server && (await createClient({ baseUrl: server.platform }).healthy())) return server;
  throw new Failure(`Ebb is already running (process ${pid}) but does not answer`, {
    hint: "It may be starting or stopping: try again in a few seconds. Otherwise stop it with `ebb down` and start it again.",
  });
}

/** Nothing was ever deployed: also when the very first start failed or was interrupted. */
async function isUntouched(client: Client): Promise<boolean> {
  return (await client.listOperations({ limit: 1 })).items.length === 0;
}

async function clientOf(context: Context, at: { platform: string }): Promise<Client> {
  return createClient({ baseUrl: at.platform, token: await savedToken(context.dataFolder) });
}

async function printSummary(context: Context, ready: ReadyEvent): Promise<void> {
  // A platform that has just become ready, or that belongs to another user, may not list its applications: the addresses are still true.
  const apps: App[] = await (await clientOf(context, ready)).listApps().catch(() => []);
  const { event: _event, ...facts } = ready;
  const ebb = await howToCall(context);
  context.output.show({ ...facts, items: apps }, () => upSummary(ready, apps, { style: context.output.style, ebb }));
}

/** `ebb` where it is in the PATH; otherwise the launcher's path, so that what is printed can be typed. */
async function howToCall({ host }: Context): Promise<string> {
  if (await findCommand(["ebb"], host.env)) return "ebb";
  return host.cwd === ROOT ? "./ebb" : join(ROOT, "ebb");
}

/** The server runs in another folder. */
function value(host: Host, name: string, text: string): string {
  return name === "tls-certificate" || name === "tls-key" ? resolve(host.cwd, text) : text;
}
