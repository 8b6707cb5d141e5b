import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { answerLocally } from "../core/local-answer.ts";
import type { ClientEvents, ClientSide, Peer } from "../core/ports.ts";
import type { RequestHead, ResponseHead } from "../http1/heads.ts";
import type { Rejection } from "../http1/rejection.ts";
import { plainPairs, toHttp2Headers, toLines } from "../http2/fields.ts";
import { resetStream } from "../http2/reset.ts";
import { acceptsKey, webSocketKey } from "../http2/websocket.ts";
import { allowedInTrailer } from "../http1/known-fields.ts";
import type { ClientHost } from "./client-host.ts";

/**
 * One request of an HTTP/2 client. Flow control is the stream's own: while it is paused, its window is not opened.
 *
 * Invariant: a body shorter or longer than its Content-Length never reaches an instance as a whole request.
 */
export class Http2ClientStream implements ClientSide {
  readonly #stream: ServerHttp2Stream;
  readonly #host: ClientHost;
  readonly #request: RequestHead | undefined;
  readonly remoteAddress: string;
  readonly secure: boolean;
  #events: ClientEvents | undefined;
  #requestEnded: boolean;
  #received = 0;
  #requestTrailers = "";
  #answerTrailers = "";
  #ended = false;
  /** Of a WebSocket; "" for any other request. */
  #key = "";

  constructor(stream: ServerHttp2Stream, request: RequestHead | undefined, peer: Peer, host: ClientHost) {
    this.#stream = stream;
    this.#host = host;
    this.#request = request;
    this.remoteAddress = peer.remoteAddress;
    this.secure = peer.secure;
    this.#requestEnded = request === undefined || request.framing === "none";
    stream.on("error", () => {});
    stream.on("close", () => this.#leave());
  }

  reject(rejection: Rejection): void {
    answerLocally(this, rejection.status, rejection.message);
  }

  begin(request: RequestHead): void {
    if (request.upgrade !== "") {
      this.#key = webSocketKey(this.#host.random);
      request.fields += `Sec-WebSocket-Key: ${this.#key}\r\n`;
    }
    const exchange = this.#host.open(this, request);
    if (!exchange) return;
    this.#events = exchange;
    this.#listen();
    exchange.start();
    if (this.#requestEnded) this.#tell((events) => events.requestEnd(""));
  }

  #listen(): void {
    const stream = this.#stream;
    stream.on("drain", () => this.#events?.clientDrained());
    stream.on("wantTrailers", () => stream.sendTrailers(toHttp2Headers(this.#answerTrailers)));
    if (!this.#requestEnded) this.#listenToBody(stream);
  }

  #listenToBody(stream: ServerHttp2Stream): void {
    stream.on("trailers", (_headers, _flags, raw?: string[]) => {
      const pairs = plainPairs(raw ?? []) ?? [];
      this.#requestTrailers = toLines(pairs.filter(([name]) => allowedInTrailer(name)));
    });
    stream.on("data", (chunk: Buffer) => this.#data(chunk));
    stream.on("end", () => this.#end());
  }

  #data(chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.#isTooLong) return resetStream(this.#stream);
    this.#tell((events) => events.requestData(chunk));
  }

  #end(): void {
    if (this.#requestEnded || this.#stream.aborted) return;
    this.#requestEnded = true;
    if (this.#request?.framing === "length" && this.#received !== this.#request.length) {
      return resetStream(this.#stream);
    }
    this.#tell((events) => events.requestEnd(this.#requestTrailers));
  }

  get #isTooLong(): boolean {
    return this.#request?.framing === "length" && this.#received > this.#request.length;
  }

  #tell(tell: (events: ClientEvents) => void): void {
    const events = this.#events;
    if (!events) return;
    tell(events);
    events.requestFlush();
  }

  #leave(): void {
    const events = this.#events;
    this.#events = undefined;
    events?.clientGone();
  }

  pauseRequest(): void {
    this.#stream.pause();
  }

  resumeRequest(): void {
    if (!this.#requestEnded && !this.#stream.destroyed) this.#stream.resume();
  }

  inform(status: number, _reason: string, fields: string): void {
    if (this.#open && !this.#stream.headersSent) this.#stream.additionalHeaders({ ":status": status, ...toHttp2Headers(fields) });
  }

  answer(head: ResponseHead): void {
    if (!this.#open) return;
    // An instance that does not switch protocols must not seem to: to a CONNECT any 2xx says that the tunnel is there.
    const status = this.#key !== "" && head.status < 300 ? 502 : head.status;
    const headers: OutgoingHttpHeaders = { ...toHttp2Headers(head.fields), ":status": status };
    if (head.framing === "length") headers["content-length"] = head.length;
    const bodyless = head.framing === "none" || this.#request?.method === "HEAD";
    try {
      this.#stream.respond(headers, { endStream: bodyless, waitForTrailers: !bodyless && head.framing !== "length" });
    } catch {
      // The library refuses what HTTP/2 cannot carry, as a header given twice that must be single.
      resetStream(this.#stream);
    }
  }

  /** What is 101 in HTTP/1.1 is 200 here, and the stream's data are the tunnel (RFC 8441 §5). */
  switchProtocols(_reason: string, fields: string): void {
    if (!this.#open) return;
    const headers: OutgoingHttpHeaders = { ...toHttp2Headers(fields), ":status": acceptsKey(fields, this.#key) ? 200 : 502 };
    delete headers["sec-websocket-accept"];
    delete headers["upgrade"];
    if (headers[":status"] !== 200) {
      this.#stream.respond({ ":status": 502 }, { endStream: true });
      return this.#leave();
    }
    this.#stream.respond(headers);
    // What the client sent since then waits in its window.
    this.#requestEnded = false;
    this.#listenToBody(this.#stream);
  }

  write(chunk: Buffer): boolean {
    return this.#writable ? this.#stream.write(Buffer.from(chunk)) : true;
  }

  end(trailers: string): void {
    this.#events = undefined;
    this.#ended = true;
    this.#answerTrailers = trailers;
    if (!this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.end();
    if ((this.#requestEnded && this.#key === "") || this.#stream.destroyed) return;
    // The answer is whole and the rest of the request is not wanted (RFC 9113 §8.1).
    this.#stream.resume();
    if (this.#stream.writableFinished) this.#stream.close(constants.NGHTTP2_NO_ERROR);
    else this.#stream.once("finish", () => this.#stream.close(constants.NGHTTP2_NO_ERROR));
  }

  flush(): void {}

  cut(): void {
    this.#events = undefined;
    resetStream(this.#stream);
  }

  get #open(): boolean {
    return !this.#stream.destroyed && !this.#stream.closed && !this.#ended;
  }

  get #writable(): boolean {
    return this.#open && !this.#stream.writableEnded;
  }
}
