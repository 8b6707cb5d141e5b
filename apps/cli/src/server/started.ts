import { join } from "node:path";
import type { Context } from "../context.ts";
import { Failure } from "../failure.ts";
import { parseEvent, tailLines, type ReadyEvent, type ServerEvent } from "./events.ts";
import type { LaunchedServer } from "./launch.ts";
import { stopServer } from "./process.ts";

/** The server that this command started, seen through its events. */
export class StartedServer {
  readonly #context: Context;
  readonly #server: LaunchedServer;
  readonly #events: AsyncGenerator<string>;

  constructor(context: Context, server: LaunchedServer) {
    this.#context = context;
    this.#server = server;
    const { clock, interrupted } = context.host;
    this.#events = tailLines(server.events, { clock, signal: interrupted, ended: () => server.exitCode() !== undefined });
  }

  /** Throws Failure with the server's own words when it ends before. */
  async untilReady(): Promise<ReadyEvent> {
    const began = this.#context.host.clock.monotonic();
    this.#context.progress.busy("starting Ebb");
    for (;;) {
      const event = await this.#next();
      if (event === undefined) throw await this.#endedEarly();
      if (event.event === "ready") {
        this.#context.progress.idle();
        this.#context.progress.done("Ebb is ready", this.#context.host.clock.monotonic() - began);
        return event;
      }
      this.#show(event);
    }
  }

  /** Shows what happens until the server ends; rejects when interrupted. */
  async untilEnded(): Promise<void> {
    for (let event = await this.#next(); event !== undefined; event = await this.#next()) this.#show(event);
    if (this.#server.exitCode() !== 0) throw await this.#endedEarly();
  }

  async stop(): Promise<void> {
    const { progress, host } = this.#context;
    progress.busy("stopping Ebb (Ctrl-C again does not wait for it)");
    const began = host.clock.monotonic();
    // Not the host's signal, which is aborted already.
    await stopServer(this.#server.pid, host.clock, new AbortController().signal);
    progress.idle();
    progress.done("Ebb has stopped", host.clock.monotonic() - began);
  }

  async #next(): Promise<ServerEvent | undefined> {
    for (;;) {
      const { done, value } = await this.#events.next();
      if (done) return undefined;
      const event = parseEvent(value);
      if (event) return event;
    }
  }

  #show(event: ServerEvent): void {
    const { progress } = this.#context;
    if (event.event === "error") throw new Failure(event.message, { hint: event.hint });
    if (event.event === "log") progress[event.level === "warn" ? "warn" : "line"](event.message);
    if (event.event !== "phase") return;
    if (event.state === "running") progress.busy(event.message);
    else if (event.state === "succeeded") progress.done(event.message, event.ms);
    else progress.failed(event.message, event.ms);
  }

  async #endedEarly(): Promise<Failure> {
    const code = await this.#server.ended;
    const folder = this.#context.dataFolder;
    return new Failure(`Ebb ended by itself (exit code ${code})`, {
      log: await this.#server.lastWords(),
      hint: `Its logs are in ${join(folder, "logs")}; \`ebb doctor\` looks for causes on this machine.`,
    });
  }
}
