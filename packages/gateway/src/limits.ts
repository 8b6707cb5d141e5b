/** Every bound of the data plane in one place. Sizes are bytes, times milliseconds. */
export interface GatewayLimits {
  /** A request or answer head; nginx and Envoy allow 32 to 60 KiB. */
  headBytes: number;
  targetBytes: number;
  headers: number;
  /** From the first byte of a request (or from accepting the connection) to the end of its head. */
  headTimeout: number;
  /** A kept-alive client connection without a request. */
  idleTimeout: number;
  /** After the last answer, how long bytes of an unread request are thrown away before the connection is cut. */
  lingerTimeout: number;
  /** Client connections at once, over all listeners. */
  connections: number;
  /** Connections to instances at once. A request that needs one more waits for it as long as it would for `connectTimeout`, then 503. */
  upstreamConnections: number;
  /** Requests that wait for one sleeping backend (Knative's activator: 10,000). */
  heldRequests: number;
  /** What is read of a body before there is an instance to send it to. */
  heldBodyBytes: number;
  connectTimeout: number;
  /** How long a request waits when every instance refuses connections, before 502. */
  refusedHold: number;
  /** An idle upstream connection is closed after this: below Node's 5 s, so that we close before the app does. */
  upstreamIdle: number;
  /** A request that must not be sent twice only goes over a connection that was used this recently. */
  upstreamFresh: number;
  /** An HTTP/2 connection to an instance that no request is on: its end is told (GOAWAY), so that none is lost to it. nginx keeps its own as long. */
  upstreamHttp2Idle: number;
  /** Idle connections kept for one instance. */
  upstreamIdleCount: number;
  /** What `stop` gives requests in flight. */
  stopGrace: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  headBytes: 64 * 1024,
  targetBytes: 16 * 1024,
  headers: 200,
  headTimeout: 15_000,
  idleTimeout: 75_000,
  lingerTimeout: 2_000,
  connections: 20_000,
  upstreamConnections: Infinity,
  heldRequests: 10_000,
  heldBodyBytes: 64 * 1024,
  connectTimeout: 3_000,
  refusedHold: 5_000,
  upstreamIdle: 4_000,
  upstreamFresh: 1_000,
  upstreamHttp2Idle: 60_000,
  upstreamIdleCount: 256,
  stopGrace: 10_000,
};
