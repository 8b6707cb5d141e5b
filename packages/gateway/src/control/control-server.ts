import { chmodSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { causeChain, UserError, type Clock, type Logger, type Timer } from "@ebb/base";
import type { ControlMessage, GatewayMessage, RevisionStats, TableChange } from "../control-protocol.ts";
import { readLines, writeLine } from "./lines.ts";
import { parseControlMessage } from "./parse-message.ts";
import type { TableStore } from "./table-store.ts";

const STATS_PERIOD = 1_000;

/** What the control plane steers: one data plane, or a pool of workers that have one each. */
export interface Steered {
  /** In force for every new request, wherever it comes in, when this returns or resolves. */
  apply(change: TableChange): Promise<void> | void;
  drain(endpoint: string, timeoutSeconds: number, done: (inFlight: number) => void): void;
  repeatAll(): void;
  stats(): Promise<RevisionStats[]> | RevisionStats[];
}

export interface ControlServerDeps {
  socketPath: string;
  clock: Clock;
  log: Logger;
  plane: Steered;
  /** Where the table in force is kept. */
  store: Pick<TableStore, "changed" | "replaced" | "save">;
}

/** A message that was applied, and what its acknowledgement waits for. */
interface Due {
  seq: number;
  socket: Socket;
  conditions: readonly (Promise<void> | void)[];
}

/** The gateway's end of the control protocol. Serves one connection; a newer one replaces it. */
export class ControlServer {
  readonly #deps: ControlServerDeps;
  #server: Server | undefined;
  #socket: Socket | undefined;
  #statsTimer: Timer | undefined;
  /** What is to be acknowledged, in the order in which it came. */
  #due: Due[] = [];
  #isAcknowledging = false;

  constructor(deps: ControlServerDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { socketPath, clock } = this.#deps;
    await mkdir(dirname(socketPath), { recursive: true, mode: 0o700 });
    if (await answers(socketPath)) {
      throw new UserError("gateway_running", `a gateway is listening on ${socketPath} already`, { hint: "stop it first: `ebb down`" });
    }
    // Left behind by a gateway that was killed.
    await rm(socketPath, { force: true });
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socketPath, resolve);
      // Bound by now, and nothing is accepted before this turn ends: nobody else gets in.
      server.once("listening", () => chmodSync(socketPath, 0o600));
    });
    this.#statsTimer = clock.every(STATS_PERIOD, () => this.#sendStats());
  }

  async stop(): Promise<void> {
    this.#statsTimer?.cancel();
    this.#socket?.destroy();
    const server = this.#server;
    this.#server = undefined;
    if (server?.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  wake(revision: string): void {
    this.#send({ type: "wake", revision });
  }

  #send(message: GatewayMessage): void {
    if (this.#socket) writeLine(this.#socket, message);
  }

  /** Nothing is counted away while nobody listens: a control plane that comes back hears the mean since it left. */
  #sendStats(): void {
    if (!this.#socket) return;
    const stats = this.#deps.plane.stats();
    if (stats instanceof Promise) void stats.then((revisions) => this.#sendRevisions(revisions));
    else this.#sendRevisions(stats);
  }

  #sendRevisions(revisions: RevisionStats[]): void {
    if (revisions.length > 0) this.#send({ type: "stats", time: this.#deps.clock.now(), revisions });
  }

  #accept(socket: Socket): void {
    const { log, plane } = this.#deps;
    this.#socket?.destroy();
    this.#socket = socket;
    let synced = false;
    socket.on("error", (error) => log.warn({ reason: causeChain(error) }, "the control connection failed"));
    socket.on("close", () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    readLines(socket, (value) => {
      try {
        const message = parseControlMessage(value);
        if (!synced && message.type !== "sync") throw new UserError("not_synced", "the first message must be sync");
        this.#apply(message, socket);
        if (!synced) plane.repeatAll();
        synced = true;
      } catch (error) {
        log.error({ reason: causeChain(error) }, "refused a message of the control plane");
        socket.destroy();
      }
    });
    writeLine(socket, { type: "hello", pid: process.pid, protocol: 1 } satisfies GatewayMessage);
  }

  #apply(message: ControlMessage, socket: Socket): void {
    const { plane, store } = this.#deps;
    if (message.type === "drain") {
      plane.drain(message.endpoint, message.timeoutSeconds, (inFlight) => {
        writeLine(socket, { type: "drained", endpoint: message.endpoint, inFlight } satisfies GatewayMessage);
      });
      return this.#acknowledge(message.seq, socket);
    }
    const applied = plane.apply(message);
    if (message.type === "sync") store.replaced();
    else store.changed(message);
    // Backends are told of again anyway, and may follow on the disk.
    const isLookedUpAgain = message.type === "backend" || message.type === "backend-removed";
    this.#acknowledge(message.seq, socket, applied, isLookedUpAgain ? undefined : store.save());
  }

  #acknowledge(seq: number, socket: Socket, ...conditions: (Promise<void> | void)[]): void {
    this.#due.push({ seq, socket, conditions });
    if (!this.#isAcknowledging) void this.#acknowledgeAll();
  }

  /** One at a time: of the ten thousand that a control plane may send at once, each would have promises of its own. */
  async #acknowledgeAll(): Promise<void> {
    this.#isAcknowledging = true;
    while (this.#due.length > 0) {
      const due = this.#due;
      this.#due = [];
      for (const { seq, socket, conditions } of due) {
        for (const condition of conditions) await condition;
        writeLine(socket, { type: "applied", seq } satisfies GatewayMessage);
      }
    }
    this.#isAcknowledging = false;
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
