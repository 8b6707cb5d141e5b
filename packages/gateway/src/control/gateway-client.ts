import { connect, type Socket } from "node:net";
import { assertNever, backoffDelay, Signal, TransientError, type Clock, type Logger, type Runnable, type Timer } from "@ebb/base";
import type { ControlMessage, GatewayMessage, RevisionStats } from "../control-protocol.ts";
import type { Backend, CertificateEntry, RevisionKey, RouteEntry } from "../route-table.ts";
import { explainer, type RouteExplanation, type RouteQuestion } from "../rules/explain.ts";
import { readLines, writeLine } from "./lines.ts";

export interface GatewayClientOptions {
  socketPath: string;
  clock: Clock;
  log: Logger;
}

/**
 * The control plane's end of the control protocol. It holds the whole desired table and brings every gateway it reaches to it, however
 * often either of the two restarts.
 *
 * Invariants
 * - Until `begin` is called nothing is sent: a control plane that has just restarted fills in its routes and backends first, as the sync
 *   that `begin` allows replaces all that the gateway serves from.
 * - A put resolves when the gateway has it (or a later one of the same key) in force. It is never lost by a broken connection; it rejects
 *   only when the client is stopped.
 * - `start` resolves at once; the connection is tried for ever.
 */
export interface GatewayClient extends Runnable {
  begin(): void;
  putRoute(route: RouteEntry): Promise<void>;
  removeRoute(key: string): Promise<void>;
  putBackend(backend: Backend): Promise<void>;
  removeBackend(key: RevisionKey): Promise<void>;
  putCertificate(certificate: CertificateEntry): Promise<void>;
  removeCertificate(key: string): Promise<void>;
  /** Resolves with the requests still in flight at an endpoint that was taken out: 0, or more when the time is over. */
  drain(endpoint: string, timeoutSeconds: number): Promise<number>;
  /** What becomes of a request by the table that the gateway is to have, and why. */
  explain(question: RouteQuestion): RouteExplanation;
  readonly connected: boolean;
  readonly onConnect: Signal<void>;
  readonly onWake: Signal<RevisionKey>;
  readonly onStats: Signal<{ time: number; revisions: RevisionStats[] }>;
}

export function createGatewayClient(options: GatewayClientOptions): GatewayClient {
  return new ControlClient(options);
}

/** The gateway is back within a second when it dies; trying more often than this gains nothing. */
const RECONNECT = { base: 20, max: 500, factor: 2 };

/** Omit, on each member of the union by itself. */
type Unnumbered = ControlMessage extends infer M ? (M extends ControlMessage ? Omit<M, "seq"> : never) : never;

interface Pending {
  resolve: () => void;
  reject: (error: Error) => void;
}

interface Drain {
  deadline: number;
  waiters: { resolve: (inFlight: number) => void; reject: (error: Error) => void }[];
}

class ControlClient implements GatewayClient {
  readonly name = "gateway-client";
  readonly onConnect = new Signal<void>();
  readonly onWake = new Signal<RevisionKey>();
  readonly onStats = new Signal<{ time: number; revisions: RevisionStats[] }>();
  readonly #options: GatewayClientOptions;
  readonly #routes = new Map<string, RouteEntry>();
  readonly #backends = new Map<RevisionKey, Backend>();
  readonly #certificates = new Map<string, CertificateEntry>();
  readonly #pending = new Map<number, Pending>();
  readonly #drains = new Map<string, Drain>();
  #state: "new" | "running" | "stopped" = "new";
  #begun = false;
  #socket: Socket | undefined;
  /** The gateway has said hello on this connection. */
  #greeted = false;
  /** A sync has been sent on this connection; changes may follow it. */
  #synced = false;
  #seq = 0;
  #failures = 0;
  #retry: Timer | undefined;
  /** By the table as it is; made when somebody asks. */
  #explain: ((question: RouteQuestion) => RouteExplanation) | undefined;

  constructor(options: GatewayClientOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#synced;
  }

  async start(): Promise<void> {
    if (this.#state !== "new") return;
    this.#state = "running";
    this.#connect();
  }

  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#retry?.cancel();
    this.#socket?.destroy();
    const error = new TransientError("gateway_client_stopped", "the control plane is stopping");
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
    for (const drain of this.#drains.values()) for (const waiter of drain.waiters) waiter.reject(error);
    this.#drains.clear();
  }

  begin(): void {
    this.#begun = true;
    this.#sync();
  }

  putRoute(route: RouteEntry): Promise<void> {
    this.#routes.set(route.key, route);
    return this.#change({ type: "route", route });
  }

  removeRoute(key: string): Promise<void> {
    if (!this.#routes.delete(key)) return Promise.resolve();
    return this.#change({ type: "route-removed", key });
  }

  putBackend(backend: Backend): Promise<void> {
    this.#backends.set(backend.key, backend);
    return this.#change({ type: "backend", backend });
  }

  removeBackend(key: RevisionKey): Promise<void> {
    if (!this.#backends.delete(key)) return Promise.resolve();
    return this.#change({ type: "backend-removed", key });
  }

  putCertificate(certificate: CertificateEntry): Promise<void> {
    this.#certificates.set(certificate.key, certificate);
    return this.#change({ type: "certificate", certificate });
  }

  removeCertificate(key: string): Promise<void> {
    if (!this.#certificates.delete(key)) return Promise.resolve();
    return this.#change({ type: "certificate-removed", key });
  }

  drain(endpoint: string, timeoutSeconds: number): Promise<number> {
    if (this.#state === "stopped") return Promise.reject(stopped());
    const deadline = this.#options.clock.monotonic() + timeoutSeconds * 1000;
    return new Promise((resolve, reject) => {
      const known = this.#drains.get(endpoint);
      if (known) known.waiters.push({ resolve, reject });
      else {
        this.#drains.set(endpoint, { deadline, waiters: [{ resolve, reject }] });
        this.#send({ type: "drain", endpoint, timeoutSeconds });
      }
    });
  }

  explain(question: RouteQuestion): RouteExplanation {
    this.#explain ??= explainer({ routes: [...this.#routes.values()], backends: [...this.#backends.values()] }, this.#options.clock);
    return this.#explain(question);
  }

  #change(message: Unnumbered): Promise<void> {
    this.#explain = undefined;
    if (this.#state === "stopped") return Promise.reject(stopped());
    const pending = Promise.withResolvers<void>();
    const seq = this.#send(message);
    // Not sent, it waits under a number of its own until a sync takes it along.
    this.#pending.set(seq ?? ++this.#seq, pending);
    return pending.promise;
  }

  #send(message: Unnumbered): number | undefined {
    if (!this.#synced || !this.#socket) return undefined;
    const seq = ++this.#seq;
    writeLine(this.#socket, { ...message, seq });
    return seq;
  }

  #connect(): void {
    const { socketPath, log } = this.#options;
    const socket = connect(socketPath);
    this.#socket = socket;
    socket.on("error", (error) => log.debug({ reason: error.message }, "no connection to the gateway"));
    socket.on("close", () => this.#disconnected(socket));
    readLines(socket, (value) => this.#receive(value as GatewayMessage));
  }

  #disconnected(socket: Socket): void {
    if (this.#socket !== socket || this.#state === "stopped") return;
    const { clock, log } = this.#options;
    if (this.#greeted) log.warn({}, "the connection to the gateway ended; connecting again");
    this.#socket = undefined;
    this.#greeted = this.#synced = false;
    this.#retry = clock.after(backoffDelay(RECONNECT, ++this.#failures), () => this.#connect());
  }

  /** Sends everything, on a new connection or when the gate opens. All changes made so far are in it. */
  #sync(): void {
    if (!this.#begun || !this.#greeted || this.#synced || !this.#socket) return;
    this.#synced = true;
    const routes = [...this.#routes.values()];
    const backends = [...this.#backends.values()];
    const certificates = [...this.#certificates.values()];
    this.#send({ type: "sync", table: { routes, backends, certificates } });
    const now = this.#options.clock.monotonic();
    for (const [endpoint, { deadline }] of this.#drains) {
      this.#send({ type: "drain", endpoint, timeoutSeconds: Math.max(0, deadline - now) / 1000 });
    }
    this.onConnect.emit();
  }

  #receive(message: GatewayMessage): void {
    switch (message.type) {
      case "hello":
        return this.#hello(message.protocol);
      case "applied":
        return this.#applied(message.seq);
      case "drained": {
        const drain = this.#drains.get(message.endpoint);
        this.#drains.delete(message.endpoint);
        for (const waiter of drain?.waiters ?? []) waiter.resolve(message.inFlight);
        return;
      }
      case "wake":
        return this.onWake.emit(message.revision);
      case "stats":
        return this.onStats.emit({ time: message.time, revisions: message.revisions });
      default:
        return assertNever(message);
    }
  }

  #hello(protocol: number): void {
    if (protocol !== 1) {
      this.#options.log.error({ protocol }, "the gateway speaks another control protocol; restart it");
      this.#socket?.destroy();
      return;
    }
    this.#failures = 0;
    this.#greeted = true;
    this.#sync();
  }

  /** Messages are applied in order: what was sent, or was taken along by a sync, before this one is in force, too. */
  #applied(seq: number): void {
    for (const [number, pending] of this.#pending) {
      if (number > seq) continue;
      this.#pending.delete(number);
      pending.resolve();
    }
  }
}

function stopped(): TransientError {
  return new TransientError("gateway_client_stopped", "the control plane is stopping");
}
