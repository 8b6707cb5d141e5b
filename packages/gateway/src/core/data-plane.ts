import { assertNever, type Signal } from "@ebb/base";
import type { RequestHead } from "../http1/heads.ts";
import type { RevisionStats, TableChange } from "../control-protocol.ts";
import type { BackendSlots, SharedCounts } from "../workers/shared-counts.ts";
import type { CertificateStore } from "../tls/certificate-store.ts";
import { hearListening, openGate } from "../io/gate.ts";
import { thaw } from "../io/thaw.ts";
import type { Backend, FrozenEndpoint, RevisionKey, RouteEntry, RouteTable } from "../route-table.ts";
import { decide, type World } from "../rules/decide.ts";
import type { BackendServices, BackendState } from "./backend-state.ts";
import { BackendTable } from "./backend-table.ts";
import type { HostGuard } from "./host-guard.ts";
import { Departures } from "./departures.ts";
import type { ExchangeServices } from "./exchange-parts.ts";
import { Exchange } from "./exchange.ts";
import { answerLocally } from "./local-answer.ts";
import { Mirrors } from "./mirrors.ts";
import type { ClientSide, OpenedRequest } from "./ports.ts";
import type { RateTable } from "./rate-table.ts";
import { drawRevision, RouteIndex, type RouteMatch, type Visibility } from "./route-index.ts";
import { answerByRule } from "./rule-answer.ts";

/** By the backend's key. */
export type Slots = Readonly<Record<string, BackendSlots>>;

export interface DataPlaneDeps extends ExchangeServices {
  connect: BackendServices["connect"];
  wakes: Signal<RevisionKey>;
  certificates: CertificateStore;
  rates: RateTable;
  /** Where there are several workers. */
  counts: SharedCounts | undefined;
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
  readonly #backends: BackendTable;
  readonly #departures: Departures;
  readonly #world: World;
  readonly #mirrors: Mirrors;
  readonly #waiting = new Set<BackendState>();

  constructor(deps: DataPlaneDeps) {
    this.#deps = deps;
    const { clock, random, limits, connect, wakes } = deps;
    const wake = (key: string) => wakes.emit(key);
    const heldRequests = limits.heldRequests;
    const thawOne = ({ thawFile }: FrozenEndpoint) => thaw(thawFile);
    const letGo = (gateFile: string, listens: () => void) => {
      if (!openGate(gateFile)) return false;
      hearListening(gateFile, listens, clock);
      return true;
    };
    const services = { clock, random, connect, heldRequests, wake, thaw: thawOne, letGo, waiting: this.#waiting };
    this.#backends = new BackendTable(services, deps.counts);
    this.#departures = new Departures(deps.clock);
    this.#world = { index: this.#routes, hasRevision: (key) => this.#backends.has(key), random: deps.random };
    this.#mirrors = new Mirrors(deps);
  }

  get certificates(): CertificateStore {
    return this.#deps.certificates;
  }

  get table(): RouteTable {
    return { routes: this.#routes.entries, backends: this.#backends.configs, certificates: this.certificates.entries };
  }

  /** `slots` are those of the change's backends, where counts are shared. */
  apply(change: TableChange, slots: Slots = {}): void {
    switch (change.type) {
      case "sync":
        return this.replaceAll(change.table, slots);
      case "route":
        return this.putRoute(change.route);
      case "route-removed":
        return this.removeRoute(change.key);
      case "certificate":
        return this.certificates.put(change.certificate);
      case "certificate-removed":
        return this.certificates.remove(change.key);
      case "backend":
        return this.putBackend(change.backend, slots);
      case "backend-removed":
        return this.removeBackend(change.key);
      default:
        return assertNever(change);
    }
  }

  replaceAll(table: RouteTable, slots: Slots = {}): void {
    for (const backend of table.backends) this.putBackend(backend, slots);
    this.certificates.replaceAll(table.certificates);
    this.#routes.replaceAll(table.routes);
    const kept = new Set(table.backends.map((backend) => backend.key));
    for (const key of this.#backends.keys) if (!kept.has(key)) this.removeBackend(key);
  }

  putRoute(route: RouteEntry): void {
    this.#routes.put(route);
  }

  removeRoute(key: string): void {
    this.#routes.remove(key);
  }

  putBackend(config: Backend, slots: Slots = {}): void {
    this.#departures.add(this.#backends.put(config, slots[config.key]));
  }

  removeBackend(key: RevisionKey): void {
    this.#departures.add(this.#backends.remove(key));
  }

  /** Calls back with the requests still in flight at a removed endpoint: 0, or more once the time is over. */
  drain(endpoint: string, timeoutSeconds: number, done: (inFlight: number) => void): void {
    this.#departures.drain(endpoint, timeoutSeconds * 1000, done);
  }

  /** Another worker says that some of ours may be next. */
  look(): void {
    for (const backend of this.#waiting) backend.look();
  }

  /** Tells again what a control plane that has just connected has not heard: which backends need waking, and all counts. */
  repeatAll(): void {
    for (const backend of this.#backends.made) {
      if (backend.wantsWake) this.#deps.wakes.emit(backend.config.key);
      backend.reported ||= backend.traffic.hasCounted;
    }
  }

  stats(): RevisionStats[] {
    const now = this.#deps.clock.monotonic();
    const report: RevisionStats[] = [];
    this.#backends.told(now);
    for (const backend of this.#backends.made) {
      const { concurrency, requests } = backend.meter.report(now);
      const active = requests > 0 || concurrency > 0 || backend.meter.active > 0;
      const mirrors = [...(backend.comparisons?.values() ?? [])].flatMap((comparison) => comparison.take() ?? []);
      if (!active && !backend.reported && mirrors.length === 0) continue;
      backend.reported = active;
      const queued = backend.queued;
      const inFlight = backend.meter.active - queued;
      const firsts = backend.takeFirsts();
      const seen = backend.seen?.take() ?? [];
      const logged = backend.logged?.take();
      report.push({
        ...(firsts.length > 0 ? { firsts } : {}),
        ...(seen.length > 0 ? { seen } : {}),
        ...(mirrors.length > 0 ? { mirrors } : {}),
        ...(logged ? { logged } : {}),
        revision: backend.config.key,
        concurrency,
        requests,
        queued,
        inFlight,
        traffic: backend.traffic.totals(),
      });
    }
    return report;
  }

  /** Ends all waiting; the gateway has stopped. */
  close(): void {
    this.#departures.close();
    for (const backend of this.#backends.made) backend.close();
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

  /** Routes a request. Returns what to start, or undefined when it was answered here. */
  open(client: ClientSide, request: RequestHead, visibility: Visibility): OpenedRequest | undefined {
    const match = this.#routes.find(request.host, visibility);
    if (!match) answerLocally(client, 404, `nothing is served at ${request.host}`);
    else if (request.probe !== "") answerProbe(client, request, match);
    else if (match.guard && this.#refuse(match.guard, { client, request, visibility, match })) return undefined;
    else if (match.redirectToTls && this.#redirect(client, request, visibility)) return undefined;
    else if (match.routes.length > 0) return this.#openByRules({ client, request, visibility, match });
    else {
      const { guard, setHeaders } = match;
      const stay = guard?.preference(request);
      const revision = drawRevision(match, this.#deps.random, stay?.revision);
      const backend = revision === undefined ? undefined : this.#backends.get(revision);
      if (backend) {
        return new Exchange({ client, request, backend, setHeaders, guard, stay, remember: rememberedBy(visibility, match) }, this.#deps);
      }
      answerLocally(client, 503, `no version of ${request.host} takes traffic`);
    }
    return undefined;
  }

  #refuse(guard: HostGuard, opening: Opening): boolean {
    const { client, request } = opening;
    const refusal = guard.refuse(request, client, this.#deps);
    if (!refusal) return false;
    const intervention = refusal.status === 429 ? "limited" : "denied";
    this.#deps.totals[intervention]++;
    const backend = this.#wouldGoTo(opening);
    if (backend) {
      backend.traffic.note(intervention);
      backend.reported = true;
    }
    answerLocally(client, refusal.status, refusal.message, refusal.fields);
    return true;
  }

  /** The version that it would have gone to, had it been let in. */
  #wouldGoTo({ client, request, visibility, match }: Opening): BackendState | undefined {
    if (match.routes.length === 0) return this.#backends.get(drawRevision(match, this.#deps.random) ?? "");
    const decision = decide(request, { visibility, client }, this.#world);
    return decision.type === "forward" ? this.#backends.get(decision.revision) : undefined;
  }

  #openByRules({ client, request, visibility, match }: Opening): OpenedRequest | undefined {
    const { guard } = match;
    const stay = guard?.preference(request);
    const decision = decide(request, { visibility, client, preferred: stay?.revision }, this.#world);
    if (decision.type === "refuse") answerLocally(client, decision.status, decision.message);
    else if (decision.type === "answer") answerByRule(client, decision.answer, decision.plan);
    else {
      const { plan } = decision;
      const backend = this.#backends.get(decision.revision);
      if (backend) {
        const remember = rememberedBy(visibility, match);
        const parts = { request: decision.request, asked: request, backend, setHeaders: NONE, plan, guard, stay, remember };
        const open = (by: ClientSide) => new Exchange({ client: by, ...parts }, this.#deps);
        if (plan.mirrors.length === 0) return open(client);
        return this.#mirrors.beside({ client, request: decision.request, backend, mirrored: this.#mirrored(plan.mirrors), open });
      }
      answerLocally(client, 503, `no version of ${request.host} takes traffic`);
    }
    return undefined;
  }

  #mirrored(mirrors: readonly { revision: RevisionKey; request: RequestHead }[]) {
    return mirrors.flatMap(({ revision, request }) => {
      const backend = this.#backends.get(revision);
      return backend ? [{ backend, request }] : [];
    });
  }
}

interface Opening {
  client: ClientSide;
  request: RequestHead;
  visibility: Visibility;
  match: RouteMatch;
}

const NONE: Readonly<Record<string, string>> = {};

/** What comes from inside the cluster is not remembered. */
function rememberedBy(visibility: Visibility, match: RouteMatch): RouteMatch | undefined {
  return visibility === "external" ? match : undefined;
}

/** Knative probes each route for the hash that it expects to be in force (networking/pkg/http/header). */
function answerProbe(client: ClientSide, request: RequestHead, match: RouteMatch): void {
  answerLocally(client, 200, request.probe, request.probeHash === "" ? "" : `K-Network-Hash: ${match.hash}\r\n`);
}
