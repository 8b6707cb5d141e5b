import { Signal, sleep, type Clock, type Logger, type Random } from "@ebb/base";
import type { ClientHost } from "./client/client-host.ts";
import type { AccessLogEntry, GatewayTotals } from "./core/access-log.ts";
import { BatchedIds } from "./core/request-ids.ts";
import { DataPlane, type Slots } from "./core/data-plane.ts";
import type { Visibility } from "./core/route-index.ts";
import { RateTable } from "./core/rate-table.ts";
import { Sweep } from "./core/sweep.ts";
import { HeadScanner } from "./http1/head-scanner.ts";
import type { RequestHead } from "./http1/heads.ts";
import type { ReaderOptions } from "./http1/message-reader.ts";
import { RequestInterpreter } from "./http1/request-head.ts";
import { ResponseInterpreter } from "./http1/response-head.ts";
import { Places } from "./io/places.ts";
import { createTransport, type Transport, type TransportKind } from "./io/transport.ts";
import { TurnClock } from "./io/turn-clock.ts";
import { DEFAULT_LIMITS, type GatewayLimits } from "./limits.ts";
import { Listener, type ListenerOptions } from "./listener.ts";
import type { Backend, CertificateEntry, Endpoint, RevisionKey, RouteTable } from "./route-table.ts";
import { CertificateStore } from "./tls/certificate-store.ts";
import { Http1Connections } from "./upstream/http1-connections.ts";
import { Http2Connections } from "./upstream/http2-connections.ts";
import type { SharedCounts } from "./workers/shared-counts.ts";

export interface ServingOptions {
  listeners: readonly ListenerOptions[];
  ownCertificate: CertificateEntry | undefined;
  limits: Partial<GatewayLimits>;
  transport: TransportKind;
  traceSampling: number;
  clock: Clock;
  random: Random;
  log: Logger;
  accessLog: ((entry: AccessLogEntry) => void) | undefined;
  /** Where other workers serve the same ports. */
  counts: SharedCounts | undefined;
  /** Undefined: it has them to itself. */
  rates?: RateTable;
}

/** How late a request's deadline may be noticed, milliseconds. */
const REQUEST_SWEEP = 100;
const CONNECTION_SWEEP = 500;

/** Everything that serves: one data plane with its ports. A gateway has one, or one in each of its workers. */
export class Serving {
  readonly plane: DataPlane;
  readonly onWake = new Signal<RevisionKey>();
  readonly #options: ServingOptions;
  readonly #limits: GatewayLimits;
  readonly #places: Places;
  readonly #transport: Transport;
  readonly #requestSweep: Sweep;
  readonly #connectionSweep: Sweep;
  readonly #totals: GatewayTotals = { requests: {}, held: 0, retries: 0, denied: 0, limited: 0, connections: 0 };
  readonly #certificates: CertificateStore;
  readonly #listeners: Listener[];
  #silence: (() => void) | undefined;
  #stopping = false;

  constructor(options: ServingOptions) {
    const { log, random, counts } = options;
    const clock = new TurnClock(options.clock);
    this.#options = { ...options, clock };
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#places = new Places(this.#limits.upstreamConnections);
    this.#transport = createTransport(options.transport, clock, this.#places);
    this.#requestSweep = new Sweep(clock, REQUEST_SWEEP);
    this.#connectionSweep = new Sweep(clock, CONNECTION_SWEEP);
    const scanner = new HeadScanner(this.#limits);
    this.#certificates = new CertificateStore({ clock, log, own: options.ownCertificate });
    this.plane = new DataPlane({
      clock,
      random,
      ids: new BatchedIds(random),
      log,
      limits: this.#limits,
      sweep: this.#requestSweep,
      totals: this.#totals,
      traceSampling: options.traceSampling,
      accessLog: options.accessLog,
      wakes: this.onWake,
      certificates: this.#certificates,
      counts,
      rates: options.rates ?? new RateTable(),
      tlsPort: () => this.#listeners.find(({ secure, visibility }) => secure && visibility === "external")?.address.port,
      connect: this.#connector(scanner),
    });
    const reading = requestReading(scanner, this.#limits);
    this.#listeners = options.listeners.map((listener) => {
      const host = this.#clientHost(listener.visibility, reading);
      const connections = () => this.#connections();
      return new Listener(listener, { host, transport: this.#transport, certificates: this.#certificates, connections });
    });
  }

  get transport(): TransportKind {
    return this.#transport.kind;
  }

  addresses(): { host: string; port: number }[] {
    return this.#listeners.map((listener) => listener.address);
  }

  totals(): GatewayTotals {
    return { ...this.#totals, requests: { ...this.#totals.requests }, connections: this.#connections() };
  }

  /** Puts the table in force; nothing is open yet. */
  load(table: RouteTable, slots?: Slots): void {
    this.#certificates.start();
    this.plane.replaceAll(table, slots);
    this.#silence = this.#options.counts?.onBell(() => this.plane.look());
  }

  /** Resolves when every port is open. */
  async listen(): Promise<void> {
    for (const listener of this.#listeners) await listener.start();
  }

  /** Finishes the requests at hand, for at most `stopGrace`; then closes everything. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const drained = Promise.all(this.#listeners.map((listener) => listener.drain()));
    const graceOver = new AbortController();
    const grace = sleep(this.#options.clock, this.#limits.stopGrace, graceOver.signal).catch(() => undefined);
    await Promise.race([drained, grace]);
    graceOver.abort();
    for (const listener of this.#listeners) listener.destroy();
    await drained;
    this.plane.close();
    this.#silence?.();
    this.#requestSweep.stop();
    this.#connectionSweep.stop();
    this.#certificates.stop();
  }

  #connections(): number {
    return this.#listeners.reduce((sum, listener) => sum + listener.connections, 0);
  }

  #connector(scanner: HeadScanner): (endpoint: Endpoint, protocol: Backend["protocol"]) => Http1Connections | Http2Connections {
    const responses = new ResponseInterpreter(this.#limits.headers);
    const deps = {
      clock: this.#options.clock,
      limits: this.#limits,
      sweep: this.#connectionSweep,
      transport: this.#transport,
      places: this.#places,
      scanner,
      responses,
    };
    return (endpoint, protocol) => (protocol === "h2c" ? new Http2Connections(endpoint, deps) : new Http1Connections(endpoint, deps));
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
      open: (client, request) => this.plane.open(client, request, visibility),
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
      read: (heads, bytes, start, end) => requests.read(heads, bytes, start, end),
    },
  };
}
