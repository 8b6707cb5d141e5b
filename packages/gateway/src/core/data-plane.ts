import type { Signal } from "@ebb/base";
import type { RequestHead } from "../http1/heads.ts";
import type { RevisionStats } from "../control-protocol.ts";
import type { CertificateStore } from "../tls/certificate-store.ts";
import type { Backend, RevisionKey, RouteEntry, RouteTable } from "../route-table.ts";
import { BackendState, type BackendServices } from "./backend-state.ts";
import { Departures } from "./departures.ts";
import { Exchange, type ExchangeServices } from "./exchange.ts";
import { answerLocally } from "./local-answer.ts";
import type { ClientSide } from "./ports.ts";
import { drawRevision, RouteIndex, type RouteMatch } from "./route-index.ts";

/** The listener that a request came in by; cluster-local hosts exist on the internal one only. */
export type Visibility = "external" | "internal";

export interface DataPlaneDeps extends ExchangeServices {
  connect: BackendServices["connect"];
  wakes: Signal<RevisionKey>;
  certificates: CertificateStore;
  /** Where clients find TLS, if anywhere. */
  tlsPort(): number | undefined;
}

/**
 * The table in force, and what becomes of a request by it.
 *
 * Invariants: a change is in force for every request that is opened after the call returns; requests opened before finish by what they
 * were given; endpoints that a change leaves as they are keep their connections and counts.
 */
export class DataPlane {
  readonly #deps: DataPlaneDeps;
  readonly #routes = new RouteIndex();
  readonly #backends = new Map<RevisionKey, BackendState>();
  readonly #departures: Departures;

  constructor(deps: DataPlaneDeps) {
    this.#deps = deps;
    this.#departures = new Departures(deps.clock);
  }

  get certificates(): CertificateStore {
    return this.#deps.certificates;
  }

  get table(): RouteTable {
    const backends = [...this.#backends.values()].map((backend) => backend.config);
    return { routes: this.#routes.entries, backends, certificates: this.certificates.entries };
  }

  replaceAll(table: RouteTable): void {
    for (const backend of table.backends) this.putBackend(backend);
    this.certificates.replaceAll(table.certificates);
    this.#routes.replaceAll(table.routes);
    const kept = new Set(table.backends.map((backend) => backend.key));
    for (const key of this.#backends.keys()) if (!kept.has(key)) this.removeBackend(key);
  }

  putRoute(route: RouteEntry): void {
    this.#routes.put(route);
  }

  removeRoute(key: string): void {
    this.#routes.remove(key);
  }

  putBackend(config: Backend): void {
    const known = this.#backends.get(config.key);
    if (known) return this.#departures.add(known.update(config));
    const { clock, random, limits, connect, wakes } = this.#deps;
    const services = { clock, random, connect, heldRequests: limits.heldRequests, wake: (key: string) => wakes.emit(key) };
    this.#backends.set(config.key, new BackendState(config, services));
  }

  removeBackend(key: RevisionKey): void {
    const backend = this.#backends.get(key);
    this.#backends.delete(key);
    if (backend) this.#departures.add(backend.close());
  }

  /** Calls back with the requests still in flight at a removed endpoint: 0, or more once the time is over. */
  drain(endpoint: string, timeoutSeconds: number, done: (inFlight: number) => void): void {
    this.#departures.drain(endpoint, timeoutSeconds * 1000, done);
  }

  /** Tells again what a control plane that has just connected has not heard: which backends need waking, and all counts. */
  repeatAll(): void {
    for (const backend of this.#backends.values()) {
      if (backend.wantsWake) this.#deps.wakes.emit(backend.config.key);
      backend.reported ||= backend.traffic.finished > 0;
    }
  }

  stats(): RevisionStats[] {
    const now = this.#deps.clock.monotonic();
    const report: RevisionStats[] = [];
    for (const backend of this.#backends.values()) {
      const { concurrency, requests } = backend.meter.report(now);
      const active = requests > 0 || concurrency > 0 || backend.meter.active > 0;
      if (!active && !backend.reported) continue;
      backend.reported = active;
      const queued = backend.queued;
      const inFlight = backend.meter.active - queued;
      report.push({ revision: backend.config.key, concurrency, requests, queued, inFlight, traffic: backend.traffic.totals() });
    }
    return report;
  }

  /** Ends all waiting; the gateway has stopped. */
  close(): void {
    this.#departures.close();
    for (const backend of this.#backends.values()) backend.close();
  }

  /** Whether it was sent on. One with a body keeps its method (RFC 9110 §15.4.9), which 301 does not promise. */
  #redirect(client: ClientSide, request: RequestHead, visibility: Visibility): boolean {
    const port = this.#deps.tlsPort();
    if (client.secure || visibility !== "external" || port === undefined) return false;
    const status = request.method === "GET" || request.method === "HEAD" ? 301 : 308;
    const location = `https://${request.host}${port === 443 ? "" : `:${port}`}${request.target === "*" ? "/" : request.target}`;
    answerLocally(client, status, `see ${location}`, `Location: ${location}\r\n`);
    return true;
  }

  /** Routes a request. Returns the exchange to start, or undefined when it was answered here. */
  open(client: ClientSide, request: RequestHead, visibility: Visibility): Exchange | undefined {
    const match = this.#routes.find(request.host);
    const revision = match && drawRevision(match.rule, this.#deps.random);
    const backend = revision === undefined ? undefined : this.#backends.get(revision);
    if (!match || (match.rule.visibility === "cluster-local" && visibility === "external")) {
      answerLocally(client, 404, `nothing is served at ${request.host}`);
    } else if (request.probe !== "") answerProbe(client, request, match);
    else if (match.rule.redirectToTls && this.#redirect(client, request, visibility)) return undefined;
    else if (backend) return new Exchange({ client, request, backend, setHeaders: match.rule.setHeaders }, this.#deps);
    else answerLocally(client, 503, `no version of ${request.host} takes traffic`);
    return undefined;
  }
}

/** Knative probes each route for the hash that it expects to be in force (networking/pkg/http/header). */
function answerProbe(client: ClientSide, request: RequestHead, match: RouteMatch): void {
  answerLocally(client, 200, request.probe, request.probeHash === "" ? "" : `K-Network-Hash: ${match.hash}\r\n`);
}
