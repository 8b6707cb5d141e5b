import { constants, type ClientHttp2Stream, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { STATUS_CODES } from "node:http";
import type { OutgoingRequest, Upstream, UpstreamEvents, UpstreamFailure } from "../core/ports.ts";
import { allowedInTrailer, kindOfName } from "../http1/known-fields.ts";
import { isBodyless } from "../http1/response-head.ts";
import { plainPairs, toHttp2Headers, toLines } from "../http2/fields.ts";
import { resetStream } from "../http2/reset.ts";
import type { Http2Lease } from "./http2-connections.ts";

/** One request on a stream of an HTTP/2 connection to an instance. */
export class Http2Upstream implements Upstream {
  readonly #lease: Http2Lease;
  readonly #release: () => void;
  #events: UpstreamEvents | undefined;
  #stream: ClientHttp2Stream | undefined;
  #released = false;
  #answered = false;
  #method = "GET";
  #requestTrailers = "";
  #answerTrailers = "";

  constructor(lease: Http2Lease, release: () => void) {
    this.#lease = lease;
    this.#release = release;
  }

  attach(events: UpstreamEvents): void {
    this.#events = events;
    const { connected } = this.#lease;
    this.#lease.requests.add(this);
    if (connected) this.ready();
  }

  /** The session is there. */
  ready(): void {
    this.#events?.upstreamReady();
  }

  /** The session is gone. */
  lost(): void {
    this.#fail(this.#lease.error);
  }

  send(request: OutgoingRequest): void {
    const { head, fields } = request;
    this.#method = head.method;
    const headers: OutgoingHttpHeaders = {
      ...toHttp2Headers(fields),
      ":method": head.method,
      ":path": head.target,
      ":scheme": "http",
      ":authority": head.authority,
    };
    if (head.framing === "length") headers["content-length"] = head.length;
    if (head.acceptsTrailers) headers["te"] = "trailers";
    const endStream = head.framing === "none";
    try {
      this.#stream = this.#lease.session.request(headers, { endStream, waitForTrailers: !endStream });
    } catch (error) {
      // Thrown for headers HTTP/2 cannot carry, or a session that ended in this very turn. Reported later: the caller is still sending.
      queueMicrotask(() => this.#fail(error instanceof Error ? error.message : "the request could not be sent"));
      return;
    }
    this.#listen(this.#stream);
  }

  write(chunk: Buffer): boolean {
    const stream = this.#stream;
    return stream && !stream.destroyed && !stream.writableEnded ? stream.write(Buffer.from(chunk)) : true;
  }

  end(trailers: string): void {
    this.#requestTrailers = trailers;
    const stream = this.#stream;
    if (stream && !stream.destroyed && !stream.writableEnded) stream.end();
  }

  flush(): void {}

  pauseAnswer(): void {
    this.#stream?.pause();
  }

  resumeAnswer(): void {
    this.#stream?.resume();
  }

  abort(): void {
    this.#events = undefined;
    if (this.#stream) resetStream(this.#stream);
    this.#letGo();
  }

  #listen(stream: ClientHttp2Stream): void {
    stream.on("response", (headers, flags, raw?: string[]) => this.#response(headers, flags, raw ?? []));
    stream.on("headers", (headers, _flags, raw?: string[]) => this.#inform(headers, raw ?? []));
    stream.on("trailers", (_headers, _flags, raw?: string[]) => {
      this.#answerTrailers = toLines((plainPairs(raw ?? []) ?? []).filter(([name]) => allowedInTrailer(name)));
    });
    stream.on("data", (chunk: Buffer) => {
      this.#events?.upstreamData(chunk);
      this.#events?.upstreamFlush();
    });
    stream.on("end", () => this.#end());
    stream.on("drain", () => this.#events?.upstreamDrained());
    stream.on("wantTrailers", () => stream.sendTrailers(toHttp2Headers(this.#requestTrailers)));
    stream.on("error", (error) => {
      this.#lease.error = error.message;
    });
    stream.on("close", () => this.#fail(`stream closed with code ${stream.rstCode}`));
  }

  #response(headers: IncomingHttpHeaders, flags: number, raw: readonly string[]): void {
    const pairs = plainPairs(raw);
    const status = Number(headers[":status"]);
    if (!pairs || !(status >= 200 && status <= 999)) return this.#fail("malformed answer");
    this.#answered = true;
    const ended = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0 || isBodyless(this.#method, status);
    const length = headers["content-length"];
    const known = !ended && length !== undefined && /^[0-9]{1,15}$/.test(length);
    this.#events?.upstreamAnswer({
      status,
      reason: STATUS_CODES[status] ?? "",
      fields: toLines(pairs.filter(([name]) => passes(name, ended))),
      framing: ended ? "none" : known ? "length" : "chunked",
      length: known ? Number(length) : 0,
      keepAlive: true,
      keepAliveSeconds: -1,
    });
    this.#events?.upstreamFlush();
  }

  #inform(headers: IncomingHttpHeaders, raw: readonly string[]): void {
    const status = Number(headers[":status"]);
    const pairs = plainPairs(raw);
    if (!pairs || status <= 101 || status >= 200) return;
    this.#events?.upstreamInform(status, STATUS_CODES[status] ?? "", toLines(pairs.filter(([name]) => passes(name, true))));
    this.#events?.upstreamFlush();
  }

  #end(): void {
    // A stream that is reset ends, too; then `close` tells.
    if (!this.#answered || this.#stream?.aborted || (this.#stream?.rstCode ?? 0) !== 0) return;
    const events = this.#events;
    this.#events = undefined;
    // The answer may be whole before the request is; the rest is then not wanted.
    if (this.#stream && !this.#stream.writableEnded) resetStream(this.#stream);
    this.#letGo();
    events?.upstreamEnd(this.#answerTrailers);
  }

  #fail(message: string): void {
    const events = this.#events;
    this.#events = undefined;
    const failure = this.#failure();
    if (this.#stream) resetStream(this.#stream);
    this.#letGo();
    events?.upstreamFailed(failure, message);
  }

  #failure(): UpstreamFailure {
    if (!this.#lease.connected) return "refused";
    if (this.#answered) return "broken";
    const unprocessed = this.#stream?.rstCode === constants.NGHTTP2_REFUSED_STREAM || this.#lease.served > 0;
    if (unprocessed) return "stale";
    return this.#lease.session.destroyed ? "lost" : "broken";
  }

  #letGo(): void {
    if (this.#released) return;
    this.#released = true;
    this.#lease.requests.delete(this);
    this.#release();
  }
}

function passes(name: string, bodyless: boolean): boolean {
  const kind = kindOfName(name);
  const passed = kind === "other" || kind === "x-request-id" || kind === "traceparent" || kind === "tracestate";
  return passed || (kind === "content-length" && bodyless);
}
