import type { Outcome } from "./core/access-log.ts";
import type { TrafficTotals } from "./core/traffic-counters.ts";
import type { Backend, CertificateEntry, RevisionKey, RouteEntry, RouteTable } from "./route-table.ts";

/**
 * Control plane and gateway talk over a Unix socket, one JSON object a line. The gateway listens; the control plane connects, and again
 * whenever the connection ends. One connection is served: a newer one replaces an older.
 *
 * Invariants
 * - The first message on a connection is `sync`: the whole table, replacing what the gateway had. Endpoints that are the same keep their
 *   connections and counts.
 * - Messages are applied in order, and `applied` with a message's `seq` is sent in the same order after it is in force for every new request.
 *   A route is on the disk by then, too: a gateway that is killed does not go back to an older split. Backends follow there within 100 ms, as
 *   the control plane tells of them again. The file gives a whole table at any moment.
 * - `wake` is sent at once when a request arrives for a backend without endpoints, and again each second while requests wait. If it has a frozen one,
 *   that is thawed by the gateway and serves from then on, until the control plane has said which endpoints there are.
 * - `stats` is sent each second for backends with requests since the last report, waiting or in flight, and once more with zeros when that ends;
 *   once for every backend after a sync.
 */
export type ControlMessage =
  | { type: "sync"; seq: number; table: RouteTable }
  | { type: "route"; seq: number; route: RouteEntry }
  | { type: "route-removed"; seq: number; key: string }
  | { type: "backend"; seq: number; backend: Backend }
  | { type: "backend-removed"; seq: number; key: RevisionKey }
  | { type: "certificate"; seq: number; certificate: CertificateEntry }
  | { type: "certificate-removed"; seq: number; key: string }
  /** Answered with `drained` when the endpoint (already taken out of its backend) has no request in flight, or after `timeoutSeconds`. */
  | { type: "drain"; seq: number; endpoint: string; timeoutSeconds: number };

/** What changes the table. */
export type TableChange = Exclude<ControlMessage, { type: "drain" }>;

export type GatewayMessage =
  | { type: "hello"; pid: number; protocol: 1 }
  | { type: "applied"; seq: number }
  | { type: "drained"; endpoint: string; inFlight: number }
  | { type: "wake"; revision: RevisionKey }
  | { type: "stats"; time: number; revisions: RevisionStats[] };

/** The first answer of an instance that a request had waited for, milliseconds. */
export interface FirstAnswer {
  endpoint: string;
  /** From the request's arrival until the instance was given to it. */
  heldMs: number;
  /** From then to the first byte of the answer. */
  answerMs: number;
  /** The gateway thawed it, or let its program go, for that request, in `heldMs`. */
  thawed?: true;
  /** The gateway found by itself that it accepts connections. */
  tried?: true;
}

/** A request as it is remembered once it is over: what it asked for, what it had that rules can look at, and what became of it. */
export interface SeenRequest {
  id: string;
  /** Milliseconds since the epoch, when it arrived. */
  time: number;
  method: string;
  host: string;
  /** Without the query. */
  path: string;
  /** By lower-case name. Null: it was there, and its value was not kept. */
  headers: Record<string, string | null>;
  cookies: Record<string, string | null>;
  query: Record<string, string | null>;
  /** 499: the client left before an answer. */
  status: number;
  outcome: Outcome;
  durationMs: number;
  responseBytes: number;
  /** Why the gateway answered itself; absent: an instance did. */
  reason?: string;
  /** How many requests of the revision it stands for: itself, and those of its kind (`answerKind`) since the one before that were not kept. */
  count: number;
}

/** A request that an instance was asked, and its answer. */
export interface LoggedRequest {
  /** Milliseconds since the epoch, when it arrived. */
  time: number;
  endpoint: string;
  method: string;
  /** With its query, as the instance was asked. */
  target: string;
  host: string;
  /** `HTTP/1.1` */
  protocol: string;
  /** -1: it was not said beforehand. */
  contentLength: number;
  /** Those that the backend names, `user-agent` and `referer`; by lower-case name. */
  fields: Record<string, string[]>;
  status: number;
  durationMs: number;
  responseBytes: number;
  remoteAddress: string;
  traceId: string;
}

/** As far as it is compared. */
export interface ComparedAnswer {
  status: number;
  /** Of its body. */
  bytes: number;
  /** To its head. */
  ms: number;
  /** False: it broke off. */
  whole: boolean;
}

export interface ComparedSample {
  id: string;
  /** Milliseconds since the epoch. */
  time: number;
  method: string;
  path: string;
  main: ComparedAnswer;
  shadow: ComparedAnswer;
  statusDiffers: boolean;
}

/** What copies of a revision's requests got from another, since the last report. */
export interface MirrorStats {
  /** The revision whose answers the clients got. */
  main: RevisionKey;
  compared: number;
  /** Of another class (2xx, 5xx …), or one of them broke off. */
  statusDiffers: number;
  sizeDiffers: number;
  /** Copies that were not made, were given up, or whose client left. */
  leftOut: number;
  mainBytes: number;
  shadowBytes: number;
  /** To the first byte, by the buckets of LATENCY_BOUNDS and one more. */
  mainLatency: number[];
  shadowLatency: number[];
  samples: ComparedSample[];
}

/** What happened to a revision's requests in the last interval: the autoscaler's input. */
export interface RevisionStats {
  revision: RevisionKey;
  /** Time-weighted mean of requests in the gateway for it (in flight and waiting) over the interval. */
  concurrency: number;
  /** Requests that arrived in the interval. */
  requests: number;
  /** Waiting for an instance right now. */
  queued: number;
  inFlight: number;
  /** What the first answers of new instances took, of those that a request had waited for. */
  firsts?: FirstAnswer[];
  /** A sample of those that came from outside. */
  seen?: SeenRequest[];
  /** All that reached an instance, up to a bound: where the backend wants them told. */
  logged?: { requests: LoggedRequest[]; leftOut: number };
  /** Of those that were copies of others'. */
  mirrors?: MirrorStats[];
  /** Counted since the gateway started: a gateway that starts again begins at zero. */
  traffic: TrafficTotals;
}
