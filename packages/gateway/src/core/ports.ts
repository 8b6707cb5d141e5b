import type { OutgoingFields, Sender } from "../http1/forwarding.ts";
import type { RequestHead, ResponseHead } from "../http1/heads.ts";

/**
 * The client's side of one exchange, whatever its protocol. The exchange calls it; it calls back through ClientEvents.
 *
 * Chunks of a body are lent in both directions: they are valid during the call only, and whoever keeps one copies it.
 *
 * Invariants: `answer` comes once, before `write` and `end`; what is written may be delayed until `flush`, `end` or `cut`; after `end` or
 * `cut` nothing more is called, and the side settles by itself what becomes of its connection.
 */
export interface ClientSide extends Sender {
  /** 103 and the like; may be left out for clients that would not understand. */
  inform(status: number, reason: string, fields: string): void;
  answer(head: ResponseHead): void;
  /** 101: from now on both directions are plain bytes. */
  switchProtocols(reason: string, fields: string): void;
  /** False: hold back until `clientDrained`. */
  write(chunk: Buffer): boolean;
  /** `whole`: the answer is as the instance meant it. */
  end(trailers: string, whole?: boolean): void;
  flush(): void;
  /** Breaks the answer off so that the client can tell that it is not whole. */
  cut(): void;
  pauseRequest(): void;
  resumeRequest(): void;
}

/** What the client's side tells its exchange. After `clientGone` nothing more comes. */
export interface ClientEvents {
  requestData(chunk: Buffer): void;
  requestEnd(trailers: string): void;
  /** Everything that one read brought has been told. */
  requestFlush(): void;
  clientDrained(): void;
  clientGone(): void;
}

/** Who is at the other end. */
export interface Peer {
  readonly remoteAddress: string;
  readonly secure: boolean;
}

/** A request that was routed: `start` is called once, before anything else is told. */
export interface OpenedRequest extends ClientEvents {
  start(): void;
}

/** One request on the way to an instance. After `abort`, and after `upstreamEnd` or `upstreamFailed`, it must not be used any more. */
export interface Upstream {
  /** Whether its connection is not even begun, as no more may be open at once (`GatewayLimits.upstreamConnections`). */
  readonly waits: boolean;
  /** Tells the events when it may be written to; at once when the connection is already there. */
  attach(events: UpstreamEvents): void;
  send(request: OutgoingRequest): void;
  write(chunk: Buffer): boolean;
  end(trailers: string): void;
  flush(): void;
  pauseAnswer(): void;
  resumeAnswer(): void;
  abort(): void;
}

export interface OutgoingRequest {
  head: RequestHead;
  fields: OutgoingFields;
}

export interface UpstreamEvents {
  upstreamReady(): void;
  upstreamInform(status: number, reason: string, fields: string): void;
  upstreamAnswer(head: ResponseHead): void;
  upstreamSwitched(reason: string, fields: string): void;
  upstreamData(chunk: Buffer): void;
  upstreamEnd(trailers: string): void;
  upstreamDrained(): void;
  /** Everything that one read brought has been told. */
  upstreamFlush(): void;
  upstreamFailed(failure: UpstreamFailure, message: string): void;
}

/**
 * `refused`: there was never a connection, nothing was written. `stale`: a connection used before ended without a byte of an answer, as
 * servers do that close idle connections. `lost`: the same of a connection that was new or in use, as when an instance is killed; it may have
 * acted on the request. `unprocessed`: it says that it has not (RFC 9113 §8.7). `broken`: anything else.
 */
export type UpstreamFailure = "refused" | "stale" | "lost" | "unprocessed" | "broken";
