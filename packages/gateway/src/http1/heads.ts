/**
 * How a body ends. `none`: there is no body; `length`: after so many bytes; `chunked`: it says so itself (HTTP/2's streams count as this);
 * `close`: with the connection, as old servers and tunnels do.
 */
export type Framing = "none" | "length" | "chunked" | "close";

/**
 * A request as the core sees it, whatever the protocol it came by.
 *
 * `fields` are its end-to-end header lines in HTTP/1.1's form, each ended by CRLF: between HTTP/1.1 sides they pass in one piece, without
 * an object per header. They hold no hop-by-hop header, no Host, no framing and none that the gateway itself decides.
 */
export interface RequestHead {
  protocol: "http/1.0" | "http/1.1" | "h2";
  method: string;
  /** In origin form (`/path?query`), or `*`. */
  target: string;
  /** As the client wrote it, with its port: passed on as Host. */
  authority: string;
  /** Lower case, without port and trailing dot: what routes are found by. */
  host: string;
  fields: string;
  framing: Framing;
  length: number;
  keepAlive: boolean;
  expectContinue: boolean;
  /** The protocol to switch to (`websocket`), or "". */
  upgrade: string;
  /** `HTTP2-Settings` of a request that may go on in HTTP/2 (RFC 7540 §3.2), or undefined. */
  http2Settings: string | undefined;
  /** The client said `TE: trailers`; gRPC insists on it. */
  acceptsTrailers: boolean;
  forwardedFor: string;
  forwarded: string;
  requestId: string;
  /** W3C Trace Context, as the client sent it, or "". */
  traceparent: string;
  tracestate: string;
  /** It is known already that `traceparent` is valid, and in the form that nearly all have; see isUsualTrace. */
  isUsualTrace: boolean;
  /** The header lines of Zipkin's B3 among `fields`, or ""; see b3.ts. */
  b3: string;
  /** `K-Network-Probe`, or "". */
  probe: string;
  probeHash: string;
}

/** A request that says nothing beside its request line. A literal, not a spread, of which HTTP/2 makes one for each request. */
export function bareRequest(protocol: RequestHead["protocol"], method: string, target: string): RequestHead {
  return {
    protocol,
    method,
    target,
    authority: "",
    host: "",
    fields: "",
    framing: "none",
    length: 0,
    keepAlive: true,
    expectContinue: false,
    upgrade: "",
    http2Settings: undefined,
    acceptsTrailers: false,
    forwardedFor: "",
    forwarded: "",
    requestId: "",
    traceparent: "",
    tracestate: "",
    isUsualTrace: false,
    b3: "",
    probe: "",
    probeHash: "",
  };
}

/**
 * An answer as the core sees it. For `fields` see RequestHead; where there is no body they keep its Content-Length. One object may stand for many
 * answers that say the same.
 */
export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly fields: string;
  readonly framing: Framing;
  readonly length: number;
  /** Whether the upstream connection may serve another request. */
  readonly keepAlive: boolean;
  /** Seconds the server says it keeps an idle connection (`Keep-Alive: timeout=N`), or -1. */
  readonly keepAliveSeconds: number;
  /** What nearly every client is told, of an answer that comes again and again; see planAnswer. */
  usual: AnswerPlan | undefined;
}

/** An answer as it goes to an HTTP/1.x client. */
export interface AnswerPlan {
  /** The whole head, with the empty line. */
  text: string;
  /** How the body is written. */
  framing: Framing;
  /** Whether the connection may be used again afterwards. */
  keepAlive: boolean;
}

/** Whether an answer has no body whatever its headers say (RFC 9112 §6.3, rules 1 and 2). */
export function isBodyless(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 304 || status < 200;
}
