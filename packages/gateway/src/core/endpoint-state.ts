import type { Endpoint } from "../route-table.ts";
import type { Candidate } from "./balance.ts";
import type { Upstream } from "./ports.ts";

export interface ConnectionNeed {
  /** The request may be sent again, should a kept connection turn out to be dead. */
  repeatable: boolean;
  /** A kept connection has just turned out to be dead: take a new one. */
  fresh: boolean;
}

/** Opens requests to one instance and keeps its idle connections. */
export interface EndpointConnections {
  open(need: ConnectionNeed): Upstream;
  /** Closes what no request uses; connections in use close when their request is done. From then on none is kept. */
  closeIdle(): void;
}

/**
 * `good`: takes what its limit allows. `suspect`: refused a connection a moment ago; takes nothing. `trial`: takes one request, whose
 * connection decides. So a dead instance costs one attempt each interval, however many requests wait.
 */
type Health = "good" | "suspect" | "trial";

/** An instance as the gateway sees it. It lives on after its removal from the backend until its last request is done. */
export class EndpointState implements Candidate {
  readonly endpoint: Endpoint;
  readonly connections: EndpointConnections;
  limit: number;
  inFlight = 0;
  /** It has begun an answer. */
  answered = false;
  #health: Health = "good";
  #removed = false;
  readonly #onIdle = new Set<() => void>();

  constructor(endpoint: Endpoint, connections: EndpointConnections, containerConcurrency: number) {
    this.endpoint = endpoint;
    this.connections = connections;
    this.limit = containerConcurrency;
  }

  get removed(): boolean {
    return this.#removed;
  }
  get suspect(): boolean {
    return this.#health === "suspect";
  }

  room(): number {
    if (this.#health === "suspect") return 0;
    const limit = this.#health === "trial" ? 1 : this.limit === 0 ? Infinity : this.limit;
    return limit - this.inFlight;
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
    if (this.#health === "suspect") this.#health = "trial";
  }
  connected(): void {
    this.#health = "good";
  }

  enter(): void {
    this.inFlight++;
  }

  leave(): void {
    this.inFlight--;
    if (this.inFlight > 0) return;
    for (const callback of this.#onIdle) callback();
    this.#onIdle.clear();
  }

  /** No new requests; idle connections are closed now, the others when their request is done. */
  remove(): void {
    this.#removed = true;
    this.connections.closeIdle();
  }

  /** Calls back once nothing is in flight; the returned function takes that back. */
  whenIdle(callback: () => void): () => void {
    if (this.inFlight === 0) callback();
    else this.#onIdle.add(callback);
    return () => this.#onIdle.delete(callback);
  }
}
