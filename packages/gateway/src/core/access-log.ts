/** One request, told once it is over. */
export interface AccessLogEntry {
  /** Milliseconds since the epoch, when the request arrived. */
  time: number;
  method: string;
  host: string;
  /** Without the query string, which may hold secrets. */
  path: string;
  protocol: string;
  /** 499 when the client went away before an answer. */
  status: number;
  /** `complete`, or why not: the answer was cut, the client left. */
  outcome: Outcome;
  revision: string;
  /** The instance that answered, or "". */
  endpoint: string;
  durationMs: number;
  /** Of that, waiting for an instance. */
  waitedMs: number;
  requestBytes: number;
  responseBytes: number;
  remoteAddress: string;
  requestId: string;
  /** W3C Trace Context: the trace, and the span that the gateway is in it. */
  traceId: string;
  spanId: string;
}

export type Outcome = "complete" | "cut" | "client-gone";

/** Counters since the gateway started. */
export interface GatewayTotals {
  requests: Record<string, number>;
  /** Requests that found no instance and waited. */
  held: number;
  /** Attempts repeated because a connection was refused or had gone stale. */
  retries: number;
  /** Answered 403 and 429 by traffic policies. */
  denied: number;
  limited: number;
  connections: number;
}
