import { causeChain, EbbError, systemClock, UserError, type Logger, type Runnable } from "@ebb/base";
import { gatewaySettings, type ServerConfig } from "./config.ts";
import { layout, readJson, writeJson, type Credentials } from "./data-folder.ts";
import { createLogger } from "./logger.ts";
import { startTime } from "./process-identity.ts";

/** What a child tells its supervisor over the IPC channel, once. */
export type ChildMessage =
  | { type: "ready"; facts: Record<string, string> }
  | { type: "failed"; code: string; message: string; hint?: string };

/** What the supervisor tells a child that has loaded its code, once: to begin. */
export const START = "start";

export interface ChildContext {
  /** That of its process in `run` and `logs`. */
  name: string;
  config: ServerConfig;
  paths: ReturnType<typeof layout>;
  credentials: Credentials;
  log: Logger;
}

export interface ChildPart extends Runnable {
  /** What the supervisor should know once it is started. */
  facts?(): Record<string, string>;
  /** Ends without ending what should outlive this process; called when the supervisor is gone. */
  abandon?(): Promise<void>;
}

/**
 * The life of a supervised process: waits until it is told to start, reads its configuration from the data folder (its argument, with its
 * name where it is one of several: nothing secret is in argv), builds its part, starts it, says so, and stops it on SIGTERM. When the supervisor dies, the part is abandoned, unless it `outlives` it.
 */
export async function runChild(
  kind: string,
  build: (context: ChildContext) => Promise<ChildPart>,
  options = { outlives: false },
): Promise<void> {
  const [, , dataDir, name = kind] = process.argv;
  if (dataDir === undefined) throw new Error(`${name}: the data folder is missing`);
  const paths = layout(dataDir);
  const { log, rotation } = createLogger(paths.logs, name, systemClock);
  process.on("uncaughtException", (error) => crash(log, error));
  process.on("unhandledRejection", (error) => crash(log, error));
  // Ctrl-C reaches the whole foreground group; the supervisor decides the order in which its children stop.
  process.on("SIGINT", () => {});
  await toldToStart();
  try {
    const config = await readJson<ServerConfig>(name === kind ? paths.config : paths.configOf(name));
    const credentials = await readJson<Credentials>(paths.credentials);
    if (!config || !credentials)
      throw new UserError("data_folder_unusable", `${dataDir} has no configuration: it is written by \`ebb up\``);
    const part = await build({ name, config, paths, credentials, log });
    let ending = false;
    const end = (how: () => Promise<void>) => {
      if (ending) return;
      ending = true;
      how()
        .then(() => rotation.stop())
        .then(
          () => process.exit(0),
          (error: unknown) => crash(log, error),
        );
    };
    process.on("SIGTERM", () => end(() => part.stop()));
    if (!options.outlives) process.on("disconnect", () => end(() => (part.abandon ? part.abandon() : part.stop())));
    await rotation.start();
    // Before it starts, so that no supervisor that dies in between leaves a process that the next one does not know.
    await writeJson(
      paths.processOf(name),
      {
        pid: process.pid,
        startTime: await startTime(process.pid),
        gateway: gatewaySettings(config),
      },
      0o600,
    );
    await part.start();
    log.info({ pid: process.pid }, "started");
    tell({ type: "ready", facts: part.facts?.() ?? {} });
    if (options.outlives) process.channel?.unref();
  } catch (error) {
    log.error({ error }, "could not start");
    const known = error instanceof EbbError ? error : undefined;
    tell(
      {
        type: "failed",
        code: known?.code ?? "internal_error",
        message: causeChain(error).join(": "),
        ...(known?.hint ? { hint: known.hint } : {}),
      },
      () => process.exit(1),
    );
  }
}

/** Its code is loaded by now; what it reads may still be written by those that start before it. */
function toldToStart(): Promise<void> {
  return new Promise((resolve) => {
    const abandoned = () => process.exit(0);
    process.once("disconnect", abandoned);
    process.once("message", () => {
      process.off("disconnect", abandoned);
      resolve();
    });
    // While the code was loaded, nobody listened for it.
    if (!process.connected) abandoned();
  });
}

function tell(message: ChildMessage, sent: () => void = () => {}): void {
  if (process.send && process.connected) process.send(message, undefined, undefined, sent);
  else sent();
}

function crash(log: Logger, error: unknown): void {
  log.error({ error }, "crashed");
  process.exit(70);
}
