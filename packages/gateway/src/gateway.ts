import { collectGarbage, type Clock, type Logger, type Random, type Runnable } from "@ebb/base";
import { ControlServer } from "./control/control-server.ts";
import { TableStore } from "./control/table-store.ts";
import type { AccessLogEntry, GatewayTotals } from "./core/access-log.ts";
import type { TransportKind } from "./io/transport.ts";
import { DEFAULT_LIMITS, type GatewayLimits } from "./limits.ts";
import type { ListenerOptions } from "./listener.ts";
import { affordableConnections } from "./open-files.ts";
import type { CertificateEntry } from "./route-table.ts";
import { rehearse } from "./rehearsal.ts";
import { Serving, type ServingOptions } from "./serving.ts";
import { WorkerPool } from "./workers/worker-pool.ts";

export interface GatewayOptions {
  listeners: readonly ListenerOptions[];
  /** Unix socket for the control plane; created with mode 0600. */
  socketPath: string;
  /** File of the last routing table. */
  tablePath: string;
  /** Beside the table's certificates, and kept whatever the control plane says. */
  ownCertificate?: CertificateEntry;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Called once for each request that was routed; left out, it costs nothing. */
  accessLog?: (entry: AccessLogEntry) => void;
  /** The share of the traces begun here that is sampled, 0 to 1; default 1. What a client has decided stands. */
  traceSampling?: number;
  limits?: Partial<GatewayLimits>;
  /** Default: Node's own bindings where they are what we know (docs/adr/0006); `documented` does without. */
  transport?: TransportKind;
  /** Threads that share the ports, each with a core's worth of requests; 1, the default, serves in this thread. */
  workers?: number;
}

/** The data plane. `start` resolves when the last table is in force and every port is open. */
export interface Gateway extends Runnable {
  /** Where it listens, in the order of `listeners`. */
  addresses(): { host: string; port: number }[];
  /** Counters since it was made; with several workers as of their last report, a second ago at most. */
  totals(): GatewayTotals;
  /**
   * For when there is little to do: collects the garbage of every thread and, the first time, has each rehearse (see there), one after the other, so that the
   * others serve meanwhile.
   */
  settle(): Promise<void>;
}

/** Makes the data plane: listeners, routing, activator, limits, proxy and statistics, steered over the control socket. */
export function createGateway(options: GatewayOptions): Gateway {
  return new GatewayProcess(options);
}

class GatewayProcess implements Gateway {
  readonly name = "gateway";
  readonly #options: GatewayOptions;
  readonly #serving: ServingOptions;
  readonly #server: Serving | WorkerPool;
  readonly #store: TableStore;
  readonly #control: ControlServer;
  readonly #ending = new AbortController();
  #rehearsed: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    const { clock, log, accessLog, ownCertificate, limits = {}, transport = "native", traceSampling = 1, workers = 1 } = options;
    this.#options = options;
    const wanted = limits.connections ?? DEFAULT_LIMITS.connections;
    const { connections, upstreamConnections } = affordableConnections(wanted, workers);
    if (connections < wanted)
      log.warn({ connections, wanted }, "few files may be open at once (ulimit -n): fewer client connections are taken");
    const bounded = { ...limits, connections, upstreamConnections: Math.min(limits.upstreamConnections ?? Infinity, upstreamConnections) };
    const serving = { ...options, accessLog, ownCertificate, limits: bounded, transport, traceSampling, counts: undefined };
    this.#serving = serving;
    this.#server = workers > 1 ? new WorkerPool(serving, workers) : new Serving(serving);
    const { plane, onWake } = this.#server;
    this.#store = new TableStore({ path: options.tablePath, clock, log, table: () => plane.table });
    this.#control = new ControlServer({
      socketPath: options.socketPath,
      clock,
      log,
      plane,
      store: this.#store,
    });
    onWake.on((revision) => this.#control.wake(revision));
  }

  addresses(): { host: string; port: number }[] {
    return this.#server.addresses();
  }

  totals(): GatewayTotals {
    return this.#server.totals();
  }

  async settle(): Promise<void> {
    const server = this.#server;
    const { signal } = this.#ending;
    collectGarbage();
    if (server instanceof WorkerPool) await server.compact();
    // Afterwards: the collection takes what was compiled and has not been run for a while.
    this.#rehearsed ??= server instanceof WorkerPool ? server.rehearse() : rehearse(this.#serving, signal);
    await this.#rehearsed;
  }

  async start(): Promise<void> {
    const table = await this.#store.load();
    this.#server.load(table);
    try {
      await this.#control.start();
      await this.#server.listen();
    } catch (error) {
      await this.stop();
      throw error;
    }
    const { log, workers = 1 } = this.#options;
    log.info(
      { routes: table.routes.length, listening: this.addresses(), transport: this.#server.transport, workers },
      "the gateway serves",
    );
  }

  /** Finishes the requests at hand, for at most `stopGrace`; then closes everything. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all([this.#server.stop(), this.#rehearsed]);
    await this.#control.stop();
    await this.#store.stop();
  }
}
