import { Signal, sleep, type Clock, type Logger, type Random, type Runnable } from "@ebb/base";
import type { ClientHost } from "./client/client-host.ts";
import { ControlServer } from "./control/control-server.ts";
import { TableStore } from "./control/table-store.ts";
import type { AccessLogEntry, GatewayTotals } from "./core/access-log.ts";
import { DataPlane } from "./core/data-plane.ts";
import type { Visibility } from "./core/route-index.ts";
import { Sweep } from "./core/sweep.ts";
import { HeadScanner } from "./http1/head-scanner.ts";
import type { RequestHead } from "./http1/heads.ts";
import type { ReaderOptions } from "./http1/message-reader.ts";
import { RequestInterpreter } from "./http1/request-head.ts";
import { ResponseInterpreter } from "./http1/response-head.ts";
import { createTransport, type Transport, type TransportKind } from "./io/transport.ts";
import { DEFAULT_LIMITS, type GatewayLimits } from "./limits.ts";
import { Listener, type ListenerOptions } from "./listener.ts";
import type { Backend, CertificateEntry, Endpoint, RevisionKey } from "./route-table.ts";
import { CertificateStore } from "./tls/certificate-store.ts";
import { Http1Connections } from "./upstream/http1-connections.ts";
import { Http2Connections } from "./upstream/http2-connections.ts";

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
}

/** The data plane. `start` resolves when the last table is in force and every port is open. */
export interface Gateway extends Runnable {
  /** Where it listens, in the order of `listeners`. */
  addresses(): { host: string; port: number }[];
  /** Counters since it was made. */
  totals(): GatewayTotals;
}

/** How late a request's deadline may be noticed, milliseconds. */
const REQUEST_SWEEP = 100;
const CONNECTION_SWEEP = 500;

/** Makes the data plane: listeners, routing, activator, limits, proxy and statistics, steered over the control socket. */
export function createGateway(options: GatewayOptions): Gateway {
  return new GatewayProcess(options);
}

class GatewayProcess implements Gateway {
  readonly name = "gateway";
  readonly #options: GatewayOptions;
  readonly #limits: GatewayLimits;
  readonly #transport: Transport;
  readonly #requestSweep: Sweep;
  readonly #connectionSweep: Sweep;
  readonly #totals: GatewayTotals = { requests: {}, held: 0, retries: 0, connections: 0 };
  readonly #certificates: CertificateStore;
  readonly #plane: DataPlane;
  readonly #store: TableStore;
  readonly #control: ControlServer;
  readonly #listeners: Listener[];
  #stopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    const { clock, log, random } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#transport = createTransport(options.transport ?? "native");
    this.#requestSweep = new Sweep(clock, REQUEST_SWEEP);
    this.#connectionSweep = new Sweep(clock, CONNECTION_SWEEP);
    const scanner = new HeadScanner(this.#limits);
    const wakes = new Signal<RevisionKey>();
    this.#certificates = new CertificateStore({ clock, log, own: options.ownCertificate });
    this.#plane = new DataPlane({
      clock,
      random,
      log,
      limits: this.#limits,
      sweep: this.#requestSweep,
      totals: this.#totals,
      traceSampling: options.traceSampling ?? 1,
      accessLog: options.accessLog,
      wakes,
      certificates: this.#certificates,
      tlsPort: () => this.#listeners.find(({ secure }) => secure)?.address.port,
      connect: this.#connector(scanner),
    });
    this.#store = new TableStore({ path: options.tablePath, clock, log, table: () => this.#plane.table });
    this.#control = new ControlServer({
      socketPath: options.socketPath,
      clock,
      log,
      plane: this.#plane,
      store: this.#store,
    });
    wakes.on((revision) => this.#control.wake(revision));
    const reading = requestReading(scanner, this.#limits);
    this.#listeners = options.listeners.map(
      (listener) =>
        new Listener(listener, {
          host: this.#clientHost(listener.visibility, reading),
          transport: this.#transport,
          certificates: this.#certificates,
        }),
    );
  }

  addresses(): { host: string; port: number }[] {
    return this.#listeners.map((listener) => listener.address);
  }

  totals(): GatewayTotals {
    const connections = this.#listeners.reduce((sum, listener) => sum + listener.connections, 0);
    return { ...this.#totals, requests: { ...this.#totals.requests }, connections };
  }

  async start(): Promise<void> {
    this.#certificates.start();
    const table = await this.#store.load();
    this.#plane.replaceAll(table);
    try {
      await this.#control.start();
      for (const listener of this.#listeners) await listener.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#options.log.info(
      { routes: table.routes.length, listening: this.addresses(), transport: this.#transport.kind },
      "the gateway serves",
    );
  }

  /** Finishes the requests at hand, for at most `stopGrace`; then closes everything. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping = true;
    const drained = Promise.all(this.#listeners.map((listener) => listener.drain()));
    const graceOver = new AbortController();
    const grace = sleep(this.#options.clock, this.#limits.stopGrace, graceOver.signal).catch(() => undefined);
    await Promise.race([drained, grace]);
    graceOver.abort();
    for (const listener of this.#listeners) listener.destroy();
    await drained;
    this.#plane.close();
    await this.#control.stop();
    await this.#store.stop();
    this.#requestSweep.stop();
    this.#connectionSweep.stop();
    this.#certificates.stop();
  }

  #connector(scanner: HeadScanner): (endpoint: Endpoint, protocol: Backend["protocol"]) => Http1Connections | Http2Connections {
    const responses = new ResponseInterpreter(this.#limits.headers);
    const deps = {
      clock: this.#options.clock,
      limits: this.#limits,
      sweep: this.#connectionSweep,
      transport: this.#transport,
      scanner,
      responses,
    };
    return (endpoint, protocol) => (protocol === "h2c" ? new Http2Connections(endpoint) : new Http1Connections(endpoint, deps));
  }

  #clientHost(visibility: Visibility, reading: ReaderOptions<RequestHead>): ClientHost {
    const isStopping = () => this.#stopping;
    return {
      clock: this.#options.clock,
      random: this.#options.random,
      limits: this.#limits,
      sweep: this.#connectionSweep,
      reading,
      get stopping() {
        return isStopping();
      },
      open: (client, request) => this.#plane.open(client, request, visibility),
    };
  }
}

/** Made once for all connections. */
function requestReading(scanner: HeadScanner, limits: GatewayLimits): ReaderOptions<RequestHead> {
  const requests = new RequestInterpreter(limits.headers);
  return {
    scanner,
    headBytes: limits.headBytes,
    dialect: {
      leadingEmptyLine: true,
      scan: (heads, bytes, start, end) => heads.scanRequest(bytes, start, end),
      interpret: (heads, bytes) => requests.interpret(heads, bytes),
    },
  };
}
