import type { OutgoingRequest, Upstream, UpstreamEvents, UpstreamFailure } from "../core/ports.ts";
import { BodyWriter } from "../http1/body-writer.ts";
import type { HeadScanner } from "../http1/head-scanner.ts";
import type { ResponseHead } from "../http1/heads.ts";
import { MessageReader } from "../http1/message-reader.ts";
import { Outbox } from "../http1/outbox.ts";
import { requestText } from "../http1/write-head.ts";
import type { ResponseInterpreter } from "../http1/response-head.ts";
import type { Transport } from "../io/transport.ts";
import type { Wire, WireEvents } from "../io/wire.ts";
import type { GatewayLimits } from "../limits.ts";
import type { Endpoint } from "../route-table.ts";

export interface Http1UpstreamDeps {
  transport: Transport;
  scanner: HeadScanner;
  responses: ResponseInterpreter;
  limits: Pick<GatewayLimits, "headBytes">;
}

/** Who keeps the connection while no request has it. */
export interface Http1Keeper {
  /** The request is done and the connection may serve another. */
  idle(upstream: Http1Upstream): void;
  closed(upstream: Http1Upstream): void;
}

/** Interim answers before the final one; more is an instance gone wrong. */
const MAX_INTERIM = 16;

/** `connecting` → `ready` (idle, or lent to a request that sends nothing yet) → `busy` → `ready` … → `closed`. */
type State = "connecting" | "ready" | "busy" | "closed";

/**
 * An HTTP/1.1 connection to an instance: lent to one request at a time, kept in between.
 *
 * Invariants: bytes that no request asked for close it, so an answer never reaches the wrong request; it is kept only when both the
 * request and the answer have been carried to their ends.
 */
export class Http1Upstream implements Upstream, WireEvents {
  readonly #keeper: Http1Keeper;
  readonly #wire: Wire;
  readonly #outbox: Outbox;
  readonly #writer: BodyWriter;
  readonly #reader: MessageReader<ResponseHead>;
  #state: State = "connecting";
  #events: UpstreamEvents | undefined;
  #method = "GET";
  #upgrading = false;
  #tunnel = false;
  #requestEnded = false;
  #answered = false;
  #paused = false;
  #eof = false;
  #interim = 0;
  #served = 0;
  /** When it became idle, monotonic milliseconds; set by its keeper. */
  idleSince = 0;
  /** Seconds the instance said it keeps an idle connection, or -1. */
  keepAliveSeconds = -1;

  constructor(endpoint: Endpoint, keeper: Http1Keeper, deps: Http1UpstreamDeps) {
    this.#keeper = keeper;
    const { scanner, responses, limits } = deps;
    this.#reader = new MessageReader<ResponseHead>({
      scanner,
      headBytes: limits.headBytes,
      dialect: {
        leadingEmptyLine: false,
        read: (heads, bytes, start, end) => responses.read(heads, bytes, start, end, this.#method),
      },
    });
    this.#wire = deps.transport.connect(endpoint.host, endpoint.port);
    this.#wire.events = this;
    this.#wire.lend();
    this.#outbox = new Outbox(this.#wire);
    this.#writer = new BodyWriter(this.#outbox);
  }

  /** Also while it is still connecting: whoever is attached by then is told. */
  get usable(): boolean {
    return (this.#state === "ready" || this.#state === "connecting") && !this.#eof && this.#wire.writable;
  }
  get waits(): boolean {
    return this.#wire.waits;
  }

  attach(events: UpstreamEvents): void {
    this.#events = events;
    if (this.#state === "ready") events.upstreamReady();
  }

  send(request: OutgoingRequest): void {
    const { head, fields } = request;
    this.#state = "busy";
    this.#method = head.method;
    this.#upgrading = head.upgrade !== "";
    this.#requestEnded = this.#answered = this.#paused = false;
    this.#interim = 0;
    this.#outbox.text(requestText(head, fields.client + fields.forwarding + fields.passing));
    this.#writer.start(head.framing);
  }

  write(chunk: Buffer): boolean {
    return this.#writer.write(chunk);
  }

  end(trailers: string): void {
    if (this.#requestEnded) return;
    this.#writer.end(trailers);
    this.#outbox.flush();
    // Without a body the client's side says `end` at once, long before a tunnel may begin.
    if (this.#tunnel) this.#wire.end();
    else if (!this.#upgrading) this.#requestEnded = true;
  }

  flush(): void {
    this.#outbox.flush();
  }

  pauseAnswer(): void {
    this.#paused = true;
    this.#wire.pause();
  }

  resumeAnswer(): void {
    if (!this.#paused || this.#state === "closed") return;
    this.#paused = false;
    this.#pump();
    if (!this.#paused) this.#wire.resume();
  }

  abort(): void {
    this.#events = undefined;
    this.close();
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#wire.destroy();
    this.#keeper.closed(this);
  }

  connected(): void {
    this.#state = "ready";
    this.#events?.upstreamReady();
  }

  read(bytes: Buffer, count: number): void {
    if (this.#state !== "busy") return this.#break("bytes that nobody asked for");
    this.#answered = true;
    this.#reader.push(bytes, count);
    this.#pump();
    this.#reader.keep();
  }

  drained(): void {
    this.#events?.upstreamDrained();
  }

  ended(): void {
    this.#eof = true;
    if (!this.#paused) this.#atEnd();
  }

  closed(reason: string): void {
    this.#break(reason);
  }

  #pump(): void {
    const events = this.#events;
    while (this.#events && !this.#paused) {
      const step = this.#reader.next();
      if (step === "more") break;
      if (step === "bad") return this.#break(`malformed answer: ${this.#reader.rejection.message}`);
      if (step === "head") this.#head(this.#reader.head);
      else if (step === "data") this.#events.upstreamData(this.#reader.chunk);
      else this.#complete(this.#reader.trailers);
    }
    events?.upstreamFlush();
    if (this.#eof && !this.#paused) this.#atEnd();
  }

  #head(head: ResponseHead): void {
    if (head.status === 101) return this.#switch(head);
    if (head.status < 200) {
      this.#reader.expectHead();
      // 100 answers the Expect that we have answered ourselves.
      if (head.status !== 100) this.#events?.upstreamInform(head.status, head.reason, head.fields);
      if (++this.#interim > MAX_INTERIM) this.#break("too many interim answers");
      return;
    }
    if (this.#upgrading) this.#requestEnded = true;
    this.keepAliveSeconds = head.keepAliveSeconds;
    this.#events?.upstreamAnswer(head);
  }

  #switch(head: ResponseHead): void {
    if (!this.#upgrading) return this.#break("101 without a request to switch protocols");
    this.#tunnel = true;
    this.#writer.start("close");
    this.#reader.startTunnel();
    this.#events?.upstreamSwitched(head.reason, head.fields);
  }

  /** The answer is whole. */
  #complete(trailers: string): void {
    const events = this.#events;
    this.#events = undefined;
    this.#served++;
    const { head, buffered } = this.#reader;
    if (this.#requestEnded && head.keepAlive && !this.#tunnel && !this.#eof && buffered === 0 && head.framing !== "close") {
      this.#state = "ready";
      this.#keeper.idle(this);
    } else this.close();
    events?.upstreamEnd(trailers);
  }

  /** The instance has sent its last byte. */
  #atEnd(): void {
    if (this.#state === "busy" && this.#reader.untilClose) return this.#complete("");
    this.#break("connection closed");
  }

  #break(message: string): void {
    const events = this.#events;
    this.#events = undefined;
    const failure = this.#failure();
    this.close();
    events?.upstreamFailed(failure, message);
  }

  #failure(): UpstreamFailure {
    if (this.#state === "connecting") return "refused";
    if (this.#answered) return "broken";
    return this.#served > 0 ? "stale" : "lost";
  }
}
