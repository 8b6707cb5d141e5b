import type { Endpoint } from "../route-table.ts";
import { nickname } from "./hash.ts";
import type { Candidate } from "./balance.ts";
import type { Upstream } from "./ports.ts";
import type { Occupancy } from "./shares.ts";

export interface ConnectionNeed {
  /** The request may be sent again, should a kept connection turn out to be dead. */
  repeatable: boolean;
  /** A kept connection has just turned out to be dead: take a new one. */
  fresh: boolean;
}

/** Opens requests to one instance and keeps its idle connections. */
export interface EndpointConnections {
  open(need: ConnectionNeed): Upstream;
  /** Begins a connection for the request that is about to be opened. */
  ahead(): void;
  /** Closes what no request uses; connections in use close when their request is done. From then on none is kept. */
  closeIdle(): void;
}

/**
 * `good`: takes what its limit allows. `suspect`: refused a connection a moment ago; takes nothing. `trial`: takes one request, whose
 * connection decides. So a dead instance costs a worker one attempt each interval, however many requests wait. `ejected`: answered with failures only, and
 * is left alone for longer.
 */
type Health = "good" | "suspect" | "trial" | "ejected";

export interface EndpointParts {
  endpoint: Endpoint;
  connections: EndpointConnections;
  /** Requests at once; 0 is no limit. */
  limit: number;
  occupancy: Occupancy;
}

interface IdleWaiter {
  callback(): void;
  but: "tunnels" | undefined;
}

/** An instance as the gateway sees it. It lives on after its removal from the backend until its last request is done. */
export class EndpointState implements Candidate {
  readonly endpoint: Endpoint;
  readonly connections: EndpointConnections;
  limit: number;
  /** Of this worker. */
  inFlight = 0;
  /** It was thawed, or its program let go, for the request that it is given first. */
  thawed = false;
  /** Since when (monotonic) it has been tried without being known to be ready; one request at a time, until a connection is accepted. */
  triedSince: number | undefined;
  /** It has begun an answer. */
  answered = false;
  readonly #occupancy: Occupancy;
  /** Of those in flight: connections that were switched to another protocol, which last as long as both ends like. */
  #tunnels = 0;
  #health: Health = "good";
  /** Requests in flight since before it was put on trial: streams may outlast it, and say nothing of a new connection. */
  #beforeTrial = 0;
  #removed = false;
  #waiters: Set<IdleWaiter> | undefined;
  #nickname: string | undefined;
  /** On end, and how often that has cost it its place since it last did well. */
  #failures = 0;
  #ejections = 0;

  constructor({ endpoint, connections, limit, occupancy }: EndpointParts) {
    this.endpoint = endpoint;
    this.connections = connections;
    this.limit = limit;
    this.#occupancy = occupancy;
  }

  get removed(): boolean {
    return this.#removed;
  }
  get suspect(): boolean {
    return this.#health === "suspect";
  }

  get ejected(): boolean {
    return this.#health === "ejected";
  }
  get nickname(): string {
    return (this.#nickname ??= nickname(this.endpoint.id));
  }

  get load(): number {
    return this.#occupancy.total;
  }

  room(): number {
    return this.#bound() - this.#occupancy.total;
  }

  #bound(): number {
    if (this.#health === "suspect" || this.#health === "ejected") return 0;
    // Of each worker one: those of another may last, and say nothing of a connection of ours.
    if (this.#health === "trial" && this.inFlight > this.#beforeTrial) return 0;
    return this.limit === 0 ? Infinity : this.limit;
  }

  /** It is not known to be ready. */
  try(now: number): void {
    this.triedSince = now;
    this.#beginTrial();
  }

  isSame(endpoint: Endpoint): boolean {
    return this.endpoint.id === endpoint.id && this.endpoint.host === endpoint.host && this.endpoint.port === endpoint.port;
  }

  /** Returns whether it was not known to be bad yet. */
  refusedConnection(): boolean {
    const news = this.#health === "good";
    this.#health = "suspect";
    return news;
  }
  retry(): void {
    if (this.#health === "suspect" || this.#health === "ejected") this.#beginTrial();
  }
  #beginTrial(): void {
    this.#health = "trial";
    this.#beforeTrial = this.inFlight;
  }
  connected(): void {
    this.triedSince = undefined;
    if (this.#health !== "ejected") this.#health = "good";
  }

  /** Whether so many requests on end have failed that it should go. One that has just come back goes with the first. */
  failed(errors: number): boolean {
    return ++this.#failures >= (this.#ejections > 0 ? 1 : errors) && this.#health !== "ejected";
  }
  didWell(): void {
    this.#failures = 0;
    this.#ejections = 0;
  }
  /** Returns the how manyth time on end it is. */
  eject(): number {
    this.#health = "ejected";
    this.#failures = 0;
    return ++this.#ejections;
  }

  /** False when the last place has just been taken by another worker. */
  tryEnter(): boolean {
    if (!this.#occupancy.tryEnter(this.#bound())) return false;
    this.inFlight++;
    return true;
  }

  leave(wasTunnel = false): void {
    this.inFlight--;
    this.#beforeTrial = Math.min(this.#beforeTrial, this.inFlight);
    if (wasTunnel) this.#tunnels--;
    this.#occupancy.leave();
    this.#tell();
  }

  /** One of those in flight has become a tunnel. */
  tunnelled(): void {
    this.#tunnels++;
    this.#tell();
  }

  #tell(): void {
    if (!this.#waiters) return;
    for (const waiter of this.#waiters) if (this.#isIdle(waiter.but) && this.#waiters.delete(waiter)) waiter.callback();
  }

  #isIdle(but: IdleWaiter["but"]): boolean {
    return this.inFlight === (but === "tunnels" ? this.#tunnels : 0);
  }

  /** No new requests; idle connections are closed now, the others when their request is done. */
  remove(): void {
    this.#removed = true;
    this.connections.closeIdle();
  }

  /** Calls back once nothing is in flight, or nothing but tunnels. */
  whenIdle(callback: () => void, but?: "tunnels"): void {
    if (this.#isIdle(but)) callback();
    else (this.#waiters ??= new Set()).add({ callback, but });
  }
}
