import { STATUS_CODES } from "node:http";
import type { OutgoingRequest, Upstream, UpstreamEvents, UpstreamFailure } from "../core/ports.ts";
import type { FifoNode } from "../core/fifo.ts";
import { isBodyless } from "../http1/heads.ts";
import { CODE } from "../http2/codes.ts";
import { trailerLines } from "../http2/fields.ts";
import type { FieldList } from "../http2/hpack/decoder.ts";
import { readAnswer } from "../http2/response-head.ts";
import type { Http2Stream, StreamEvents } from "../http2/stream.ts";
import type { Http2Lease, Tenant } from "./http2-connections.ts";

/** One request on a stream of an HTTP/2 connection to an instance. */
export class Http2Upstream implements Upstream, StreamEvents, Tenant {
  place: FifoNode<Tenant> | undefined;
  readonly #lease: Http2Lease;
  #events: UpstreamEvents | undefined;
  #stream: Http2Stream | undefined;
  #method = "GET";
  #answered = false;
  /** Of the answer's body, by its own word; -1 when it says nothing. */
  #length = -1;
  #received = 0;
  #trailers = "";

  constructor(lease: Http2Lease) {
    this.#lease = lease;
  }

  attach(events: UpstreamEvents): void {
    this.#events = events;
    this.#lease.enter(this);
  }

  get waits(): boolean {
    return this.#lease.waits;
  }

  ready(): void {
    this.#events?.upstreamReady();
  }

  lost(message: string): void {
    this.#fail(this.#lease.connected ? (this.#lease.served > 0 ? "stale" : "lost") : "refused", message);
  }

  // ---- the request ----

  send({ head, fields }: OutgoingRequest): void {
    this.#method = head.method;
    const { encoder } = this.#lease.session;
    this.#stream = this.#lease.openStream(this);
    encoder.begin();
    encoder.method(head.method);
    encoder.scheme();
    encoder.pseudo(":path", head.target);
    encoder.pseudo(":authority", head.authority);
    if (head.acceptsTrailers) encoder.lines("te: trailers\r\n");
    if (head.framing === "length") encoder.passingLines(`content-length: ${head.length}\r\n`);
    encoder.lines(fields.client);
    encoder.lines(fields.forwarding);
    encoder.passingLines(fields.passing);
    this.#stream.writeHead(head.framing === "none");
  }

  write(chunk: Buffer): boolean {
    return this.#stream?.write(chunk) ?? true;
  }

  end(trailers: string): void {
    this.#stream?.end(trailers);
  }

  /** The connection sends at the end of the turn what all its streams have written. */
  flush(): void {}

  pauseAnswer(): void {
    this.#stream?.pause();
  }

  resumeAnswer(): void {
    this.#stream?.resume();
  }

  abort(): void {
    this.#events = undefined;
    this.#letGo(CODE.cancel);
  }

  // ---- the answer ----

  streamFields(list: FieldList, ended: boolean): void {
    if (this.#answered) return this.#readTrailers(list, ended);
    const answer = list.isTooLarge ? undefined : readAnswer(list);
    if (!answer) return this.#break("malformed answer");
    const { status, fields, lengthFields } = answer;
    const reason = STATUS_CODES[status] ?? "";
    if (status < 200) {
      if (ended || status === 101) return this.#break("malformed answer");
      // 100 answers the Expect that we have answered ourselves.
      if (status !== 100) this.#events?.upstreamInform(status, reason, fields);
      return;
    }
    this.#answered = true;
    const bodyless = isBodyless(this.#method, status);
    this.#length = bodyless ? 0 : answer.length;
    const framing = ended || bodyless ? "none" : answer.length >= 0 ? "length" : "chunked";
    this.#events?.upstreamAnswer({
      status,
      reason,
      // Where there is no body, the length tells of the one that GET would have had.
      fields: framing === "none" ? fields + lengthFields : fields,
      framing,
      length: Math.max(0, answer.length),
      keepAlive: true,
      keepAliveSeconds: -1,
      usual: undefined,
    });
  }

  #readTrailers(list: FieldList, ended: boolean): void {
    const lines = ended ? trailerLines(list) : undefined;
    if (lines === undefined) return this.#break("malformed trailers");
    this.#trailers = lines;
  }

  streamData(chunk: Buffer): void {
    if (!this.#answered) return this.#break("data before an answer");
    this.#received += chunk.length;
    if (this.#length >= 0 && this.#received > this.#length) return this.#break("a body longer than its length");
    this.#events?.upstreamData(chunk);
  }

  streamEnd(): void {
    if (!this.#answered) return this.#break("no answer");
    const isShort = this.#length >= 0 && this.#received < this.#length && this.#method !== "HEAD";
    if (isShort) return this.#break("a body shorter than its length");
    const events = this.#events;
    this.#events = undefined;
    // The answer may be whole before the request is; the rest is then not wanted.
    this.#letGo(CODE.cancel);
    events?.upstreamEnd(this.#trailers);
  }

  streamDrained(): void {
    this.#events?.upstreamDrained();
  }

  streamFlush(): void {
    this.#events?.upstreamFlush();
  }

  streamReset(code: number, message: string): void {
    if (this.#answered) return this.#fail("broken", message);
    if (code === CODE.refusedStream) return this.#fail("unprocessed", message);
    if (this.#lease.session.isEnding) return this.lost(message);
    this.#fail("broken", message);
  }

  #break(message: string): void {
    this.#fail("broken", message);
  }

  #fail(failure: UpstreamFailure, message: string): void {
    const events = this.#events;
    this.#events = undefined;
    this.#letGo(CODE.cancel);
    events?.upstreamFailed(failure, message);
  }

  #letGo(code: number): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream && !(stream.localEnded && stream.remoteEnded)) stream.abandon(code);
    this.#lease.leave(this);
  }
}
