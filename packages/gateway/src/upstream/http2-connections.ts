import type { Clock } from "@ebb/base";
import { Fifo, type FifoNode } from "../core/fifo.ts";
import type { ConnectionNeed, EndpointConnections } from "../core/endpoint-state.ts";
import type { Expiring, Sweep } from "../core/sweep.ts";
import { Http2Session, type SessionEvents } from "../http2/session.ts";
import type { Http2Stream, StreamEvents } from "../http2/stream.ts";
import type { IdleKeeper, Places } from "../io/places.ts";
import type { Transport } from "../io/transport.ts";
import type { Wire } from "../io/wire.ts";
import type { GatewayLimits } from "../limits.ts";
import type { Endpoint } from "../route-table.ts";
import { Http2Upstream } from "./http2-upstream.ts";

export interface Http2ConnectionsDeps {
  clock: Clock;
  limits: GatewayLimits;
  sweep: Sweep;
  transport: Transport;
  places: Places;
}

/** A request on a connection: told when it may begin, and when it never will. */
export interface Tenant {
  /** Its place on the connection; written by the lease alone. */
  place: FifoNode<Tenant> | undefined;
  ready(): void;
  lost(message: string): void;
}

const PSEUDO_FIELDS = 8;

/** One connection to an instance and the requests that were given to it. */
export class Http2Lease implements SessionEvents {
  readonly session: Http2Session;
  connected = false;
  /** Requests that are over. */
  served = 0;
  /** Since when no request is on it, monotonic milliseconds. */
  idleSince: number;
  /** In the order in which they came. Not a Set: see `StreamTable`. */
  readonly #tenants = new Fifo<Tenant>();
  readonly #wire: Wire;
  readonly #deps: Http2ConnectionsDeps;
  readonly #onEnd: () => void;
  #isClosing = false;

  constructor(endpoint: Endpoint, deps: Http2ConnectionsDeps, onEnd: () => void) {
    const { clock, limits, transport } = deps;
    this.#deps = deps;
    this.#onEnd = onEnd;
    this.idleSince = clock.monotonic();
    const listing = { listBytes: limits.headBytes, fields: limits.headers + PSEUDO_FIELDS };
    this.#wire = transport.connect(endpoint.host, endpoint.port);
    this.session = new Http2Session(this.#wire, { role: "client", clock, limits: listing, events: this });
  }

  get waits(): boolean {
    return this.#wire.waits;
  }
  get isIdle(): boolean {
    return this.#tenants.length === 0;
  }

  get hasRoom(): boolean {
    return !this.#isClosing && this.session.isOpen && this.#tenants.length < this.session.peerStreams;
  }

  enter(tenant: Tenant): void {
    tenant.place = this.#tenants.push(tenant);
    if (this.connected) tenant.ready();
  }

  leave(tenant: Tenant): void {
    if (tenant.place) {
      this.#tenants.remove(tenant.place);
      tenant.place = undefined;
      this.served++;
    }
    if (!this.isIdle) return;
    const { clock, places } = this.#deps;
    this.idleSince = clock.monotonic();
    // One that nobody waits for any more is given up: the next request tries anew.
    if (this.#isClosing || !this.connected || !this.session.isOpen || places.crowded) this.#end();
  }

  openStream(events: StreamEvents): Http2Stream {
    return this.session.open(events);
  }

  /** Closes once no request is on it. */
  close(): void {
    this.#isClosing = true;
    if (this.isIdle) this.#end();
  }

  #end(): void {
    if (this.connected) this.session.drain();
    else this.session.destroy();
  }

  /** Its connection is there. */
  begun(): void {
    this.connected = true;
    for (const tenant of this.#tenants.all()) tenant.ready();
  }

  request(): void {}
  idle(): void {}
  goaway(): void {}

  closed(reason: string): void {
    this.#onEnd();
    for (const tenant of this.#tenants.all()) tenant.lost(reason);
  }
}

/** The HTTP/2 connections to one instance: one carries many requests; another is opened when the instance's limit is reached, and closed when none is on it for long. */
export class Http2Connections implements EndpointConnections, IdleKeeper, Expiring {
  watchIndex = -1;
  readonly #endpoint: Endpoint;
  readonly #deps: Http2ConnectionsDeps;
  #leases: Http2Lease[] = [];

  constructor(endpoint: Endpoint, deps: Http2ConnectionsDeps) {
    this.#endpoint = endpoint;
    this.#deps = deps;
  }

  open(need: ConnectionNeed): Http2Upstream {
    const room = need.fresh ? undefined : this.#leases.find((lease) => lease.hasRoom);
    return new Http2Upstream(room ?? this.#connect());
  }

  ahead(): void {
    this.#connect();
  }

  closeIdle(): void {
    for (const lease of this.#leases) lease.close();
  }

  closeOldest(): boolean {
    const [oldest] = this.#leases.filter(({ isIdle }) => isIdle).sort((a, b) => a.idleSince - b.idleSince);
    oldest?.close();
    return oldest !== undefined;
  }

  expire(now: number): void {
    for (const lease of this.#leases) if (lease.isIdle && now - lease.idleSince >= this.#deps.limits.upstreamHttp2Idle) lease.close();
  }

  #connect(): Http2Lease {
    const { sweep, places } = this.#deps;
    const lease: Http2Lease = new Http2Lease(this.#endpoint, this.#deps, () => {
      this.#leases = this.#leases.filter((other) => other !== lease);
      if (this.#leases.length > 0) return;
      sweep.unwatch(this);
      places.keepers.delete(this);
    });
    this.#leases.push(lease);
    sweep.watch(this);
    places.keepers.add(this);
    return lease;
  }
}
