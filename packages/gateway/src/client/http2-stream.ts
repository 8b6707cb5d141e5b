import { answerLocally } from "../core/local-answer.ts";
import type { ClientEvents, ClientSide, Peer } from "../core/ports.ts";
import type { RequestHead, ResponseHead } from "../http1/heads.ts";
import type { Rejection } from "../http1/rejection.ts";
import { withoutField, type Sender } from "../http1/forwarding.ts";
import { CODE } from "../http2/codes.ts";
import { trailerLines } from "../http2/fields.ts";
import type { FieldList } from "../http2/hpack/decoder.ts";
import type { HpackEncoder } from "../http2/hpack/encoder.ts";
import type { Http2Stream, StreamEvents } from "../http2/stream.ts";
import { acceptsKey, webSocketKey } from "../http2/websocket.ts";
import type { ClientHost } from "./client-host.ts";

export interface Http2ClientDeps {
  /** Of all streams of its connection. */
  peer: Peer & Pick<Sender, "forwarding">;
  host: ClientHost;
  encoder: HpackEncoder;
}

/**
 * One request of an HTTP/2 client.
 *
 * Invariant: a body shorter or longer than its Content-Length never reaches an instance as a whole request.
 */
export class Http2ClientStream implements ClientSide, StreamEvents {
  readonly #stream: Http2Stream;
  readonly #deps: Http2ClientDeps;
  readonly #request: RequestHead | undefined;
  #events: ClientEvents | undefined;
  #requestEnded = false;
  #received = 0;
  #requestTrailers = "";
  #answered = false;
  /** Of a WebSocket; "" for any other request. */
  #key = "";

  constructor(stream: Http2Stream, request: RequestHead | undefined, deps: Http2ClientDeps) {
    this.#stream = stream;
    this.#deps = deps;
    this.#request = request;
    stream.events = this;
  }

  get remoteAddress(): string {
    return this.#deps.peer.remoteAddress;
  }
  get secure(): boolean {
    return this.#deps.peer.secure;
  }
  get forwarding(): Sender["forwarding"] {
    return this.#deps.peer.forwarding;
  }
  set forwarding(forwarding: Sender["forwarding"]) {
    this.#deps.peer.forwarding = forwarding;
  }

  reject(rejection: Rejection): void {
    answerLocally(this, rejection.status, rejection.message);
  }

  begin(request: RequestHead): void {
    const { host } = this.#deps;
    if (request.upgrade !== "") {
      this.#key = webSocketKey(host.random);
      request.fields += `Sec-WebSocket-Key: ${this.#key}\r\n`;
    }
    const exchange = host.open(this, request);
    if (!exchange) return;
    this.#events = exchange;
    exchange.start();
    // To the instance a WebSocket's request is whole; what follows waits until it is a tunnel.
    if (this.#key === "") return;
    this.#stream.pause();
    this.#events?.requestEnd("");
  }

  // ---- the request ----

  streamFields(list: FieldList, ended: boolean): void {
    const lines = ended ? trailerLines(list) : undefined;
    if (lines === undefined) return this.#stream.reset(CODE.protocolError, "malformed trailers");
    this.#requestTrailers = lines;
  }

  streamData(chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.#isOfLength() && this.#received > this.#length()) return this.#stream.reset(CODE.protocolError, "the body is too long");
    this.#events?.requestData(chunk);
  }

  streamEnd(): void {
    if (this.#requestEnded) return;
    if (this.#isOfLength() && this.#received !== this.#length()) return this.#stream.reset(CODE.protocolError, "the body is too short");
    this.#requestEnded = true;
    this.#events?.requestEnd(this.#requestTrailers);
  }

  #isOfLength(): boolean {
    return this.#request?.framing === "length";
  }
  #length(): number {
    return this.#request?.length ?? 0;
  }

  streamDrained(): void {
    this.#events?.clientDrained();
  }

  streamReset(): void {
    const events = this.#events;
    this.#events = undefined;
    events?.clientGone();
  }

  pauseRequest(): void {
    this.#stream.pause();
  }

  resumeRequest(): void {
    if (this.#key === "" || this.#answered) this.#stream.resume();
  }

  // ---- the answer ----

  inform(status: number, _reason: string, fields: string): void {
    if (!this.#answered) this.#head(status, fields, false);
  }

  answer(head: ResponseHead): void {
    // An instance that does not switch protocols must not seem to: to a CONNECT any 2xx says that the tunnel is there.
    const status = this.#key !== "" && head.status < 300 ? 502 : head.status;
    const bodyless = head.framing === "none" || this.#request?.method === "HEAD";
    this.#answered = true;
    this.#head(status, head.framing === "length" ? `${head.fields}content-length: ${head.length}\r\n` : head.fields, bodyless);
  }

  /** What is 101 in HTTP/1.1 is 200 here, and the stream's data are the tunnel (RFC 8441 §5). */
  switchProtocols(_reason: string, fields: string): void {
    this.#answered = true;
    if (!acceptsKey(fields, this.#key)) {
      this.#head(502, "", true);
      this.streamReset();
      return this.#stream.finish();
    }
    this.#head(200, withoutField(withoutField(fields, "sec-websocket-accept"), "upgrade"), false);
    this.#stream.resume();
  }

  #head(status: number, fields: string, ended: boolean): void {
    if (this.#stream.closed || this.#stream.localEnded) return;
    const { encoder } = this.#deps;
    encoder.begin();
    encoder.status(status);
    encoder.lines(fields);
    this.#stream.writeHead(ended);
  }

  write(chunk: Buffer): boolean {
    return this.#stream.write(chunk);
  }

  end(trailers: string): void {
    this.#events = undefined;
    this.#stream.finish(trailers);
  }

  /** The connection sends at the end of the turn what all its streams have written. */
  flush(): void {}

  streamFlush(): void {
    this.#events?.requestFlush();
  }

  cut(): void {
    this.#events = undefined;
    this.#stream.abandon(CODE.internalError);
  }
}
