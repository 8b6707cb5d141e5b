import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect } from "node:net";
import type { ConnectionNeed, EndpointConnections } from "../core/endpoint-state.ts";
import type { Endpoint } from "../route-table.ts";
import { Http2Upstream } from "./http2-upstream.ts";

const WINDOW = 256 * 1024;
/** Until the instance has said how many streams it takes. */
const STREAMS_AT_FIRST = 100;

/** A session to an instance and the streams on it. `isOpen` turns false with GOAWAY or its end. */
export interface Http2Lease {
  session: ClientHttp2Session;
  connected: boolean;
  isOpen: boolean;
  streams: number;
  served: number;
  error: string;
  /** The requests on it, to be told of its beginning and its end. */
  requests: Set<{ ready(): void; lost(): void }>;
}

/** The HTTP/2 connections to one instance: one carries many requests; another is opened when the instance's limit is reached. */
export class Http2Connections implements EndpointConnections {
  readonly #endpoint: Endpoint;
  #leases: Http2Lease[] = [];
  #closing = false;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  open(need: ConnectionNeed): Http2Upstream {
    const room = need.fresh ? undefined : this.#leases.find((lease) => lease.isOpen && lease.streams < streamLimit(lease));
    const lease = room ?? this.#connect();
    lease.streams++;
    return new Http2Upstream(lease, () => this.#release(lease));
  }

  closeIdle(): void {
    this.#closing = true;
    for (const lease of this.#leases) if (lease.streams === 0) lease.session.close();
  }

  #connect(): Http2Lease {
    const { host, port } = this.#endpoint;
    // The URL only names the scheme: each request brings its own authority, and the connection is made here.
    const session = connectHttp2("http://instance", {
      createConnection: () => connect({ host, port, noDelay: true }),
      settings: { enablePush: false, initialWindowSize: WINDOW },
    });
    const lease: Http2Lease = {
      session,
      connected: false,
      isOpen: true,
      streams: 0,
      served: 0,
      error: "connection closed",
      requests: new Set(),
    };
    this.#leases.push(lease);
    session.on("connect", () => {
      lease.connected = true;
      for (const request of lease.requests) request.ready();
    });
    session.on("error", (error) => {
      lease.error = error instanceof Error ? error.message : String(error);
    });
    session.on("goaway", () => {
      lease.isOpen = false;
    });
    session.on("close", () => {
      lease.isOpen = false;
      this.#leases = this.#leases.filter((other) => other !== lease);
      for (const request of lease.requests) request.lost();
    });
    return lease;
  }

  #release(lease: Http2Lease): void {
    lease.streams--;
    lease.served++;
    if (lease.streams === 0 && (this.#closing || !lease.isOpen) && !lease.session.destroyed) lease.session.close();
  }
}

function streamLimit(lease: Http2Lease): number {
  return lease.session.remoteSettings?.maxConcurrentStreams ?? STREAMS_AT_FIRST;
}
