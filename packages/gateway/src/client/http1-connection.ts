import { answerLocally } from "../core/local-answer.ts";
import type { ClientEvents, ClientSide } from "../core/ports.ts";
import type { Sender } from "../http1/forwarding.ts";
import type { Expiring } from "../core/sweep.ts";
import { BodyWriter } from "../http1/body-writer.ts";
import { bareRequest, type RequestHead, type ResponseHead } from "../http1/heads.ts";
import { MessageReader, type Step } from "../http1/message-reader.ts";
import { Outbox } from "../http1/outbox.ts";
import type { Rejection } from "../http1/rejection.ts";
import { interimText, planAnswer } from "../http1/write-head.ts";
import type { Wire, WireEvents } from "../io/wire.ts";
import type { ClientConnection, ClientHost } from "./client-host.ts";

/**
 * `awaiting` a request → `exchange` (reading its body, writing its answer) → `awaiting` …, or `tunnel`; then `lingering`: the last byte
 * is written and what the client still sends is thrown away, as closing at once could destroy the answer on its way; then `closed`.
 */
type State = "awaiting" | "exchange" | "tunnel" | "lingering" | "closed";

/** What becomes of a connection: one of the two is called, once. */
export interface Http1Ends {
  close(): void;
  /** It goes on in HTTP/2, with this request as its first (RFC 7540 §3.2); 101 is written, and the wire is whoever's takes it. */
  upgrade(request: RequestHead, settings: string): void;
}

/**
 * A client's HTTP/1.x connection. Requests are served one after the other, so pipelined ones are answered in order.
 *
 * Invariants: nothing of a request is read before the one before it is answered, beyond a bounded buffer; while the exchange holds the
 * body back, the socket is not read.
 */
export class Http1Connection implements ClientSide, ClientConnection, Expiring, WireEvents {
  watchIndex = -1;
  readonly #host: ClientHost;
  readonly #ends: Http1Ends;
  readonly #wire: Wire;
  readonly #outbox: Outbox;
  readonly #writer: BodyWriter;
  readonly #reader: MessageReader<RequestHead>;
  readonly remoteAddress: string;
  readonly secure: boolean;
  forwarding: Sender["forwarding"];
  #state: State = "awaiting";
  #events: ClientEvents | undefined;
  #request: RequestHead | undefined;
  #requestEnded = true;
  #continueDue = false;
  #answered = false;
  #keepAlive = true;
  #endsWithClose = false;
  #paused = false;
  #pumping = false;
  #reading = true;
  #deadline: number;
  #headStarted = false;

  constructor(wire: Wire, host: ClientHost, ends: Http1Ends) {
    this.#ends = ends;
    this.#wire = wire;
    this.#host = host;
    this.#outbox = new Outbox(wire);
    this.#writer = new BodyWriter(this.#outbox);
    this.remoteAddress = wire.remoteAddress;
    this.secure = wire.secure;
    this.#reader = new MessageReader(host.reading);
    this.#deadline = host.clock.monotonic() + host.limits.headTimeout;
    host.sweep.watch(this);
    wire.events = this;
    wire.lend();
  }

  read(bytes: Buffer, count: number): void {
    if (this.#state === "lingering" || this.#state === "closed") return;
    this.#reader.push(bytes, count);
    this.#pump();
    this.#reader.keep();
  }

  drained(): void {
    this.#events?.clientDrained();
  }

  closed(): void {
    this.#state = "closed";
    this.#host.sweep.unwatch(this);
    this.#leave();
    this.#ends.close();
  }

  /** The client has sent its last byte. Outside a tunnel it is taken to have left, as nginx and Envoy do. */
  ended(): void {
    if (this.#state === "tunnel") this.#events?.requestEnd("");
    else if (this.#state === "exchange" && this.#events) this.#wire.destroy();
    else this.#wire.end();
  }

  drain(): void {
    if (this.#state === "awaiting" && !this.#reader.midHead) this.#linger();
  }

  destroy(): void {
    this.#wire.destroy();
  }

  expire(now: number): void {
    if (now < this.#deadline) return;
    if (this.#state === "lingering") this.#wire.destroy();
    else if (this.#state === "awaiting" && this.#reader.midHead) this.#reject({ status: 408, message: "the request head took too long" });
    else if (this.#state === "awaiting") this.#linger();
  }

  // ---- reading ----

  #leave(): void {
    const events = this.#events;
    this.#events = undefined;
    events?.clientGone();
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#wantsStep()) {
      const step = this.#reader.next();
      if (step === "more") break;
      this.#take(step);
    }
    this.#pumping = false;
    this.#events?.requestFlush();
    this.#outbox.flush();
    this.#timeHead();
    this.#gateReading();
  }

  #wantsStep(): boolean {
    if (this.#state === "awaiting") return true;
    if (this.#paused) return false;
    return this.#state === "tunnel" || (this.#state === "exchange" && !this.#requestEnded);
  }

  #take(step: Exclude<Step, "more">): void {
    switch (step) {
      case "head":
        return this.#begin(this.#reader.head);
      case "data":
        return this.#events?.requestData(this.#reader.chunk);
      case "end":
        this.#requestEnded = true;
        return this.#events?.requestEnd(this.#reader.trailers);
      case "bad":
        return this.#reject(this.#reader.rejection);
    }
  }

  #begin(request: RequestHead): void {
    if (request.http2Settings !== undefined && this.#mayBecomeHttp2()) return this.#becomeHttp2(request, request.http2Settings);
    this.#state = "exchange";
    this.#request = request;
    this.#requestEnded = this.#answered = this.#paused = this.#headStarted = false;
    this.#continueDue = request.expectContinue;
    const exchange = this.#host.open(this, request);
    this.#events = exchange;
    exchange?.start();
  }

  /** Where it is agreed on by TLS, nobody may ask for it; bytes that came before our 101 are a request of HTTP/1.1, and not to be taken for something else. */
  #mayBecomeHttp2(): boolean {
    return !this.secure && !this.#host.stopping && this.#reader.buffered === 0;
  }

  #becomeHttp2(request: RequestHead, settings: string): void {
    this.#state = "closed";
    this.#host.sweep.unwatch(this);
    this.#outbox.text(interimText(101, "Switching Protocols", "Upgrade: h2c\r\n"));
    this.#outbox.flush();
    this.#ends.upgrade(request, settings);
  }

  #reject(rejection: Pick<Rejection, "status" | "message">): void {
    const unanswered = !this.#answered || this.#state === "awaiting";
    this.#leave();
    if (!unanswered) return this.cut();
    this.#state = "exchange";
    this.#keepAlive = false;
    this.#request = undefined;
    answerLocally(this, rejection.status, rejection.message);
  }

  /** A head must be whole in time from its first byte, however slowly it drips in. */
  #timeHead(): void {
    if (this.#state !== "awaiting" || this.#headStarted || !this.#reader.midHead) return;
    this.#headStarted = true;
    this.#deadline = this.#host.clock.monotonic() + this.#host.limits.headTimeout;
  }

  /** Reads on while there is use for the bytes, or little enough of them waits; reading is also how we learn that the client left. */
  #gateReading(): void {
    const wanted = this.#state === "lingering" || (!this.#paused && this.#reader.buffered < this.#host.limits.heldBodyBytes);
    if (wanted === this.#reading || this.#state === "closed") return;
    this.#reading = wanted;
    if (wanted) this.#wire.resume();
    else this.#wire.pause();
  }

  pauseRequest(): void {
    this.#paused = true;
    this.#gateReading();
  }

  resumeRequest(): void {
    this.#paused = false;
    if (this.#continueDue && !this.#answered) {
      this.#outbox.text(interimText(100, "Continue", ""));
      this.#outbox.flush();
    }
    this.#continueDue = false;
    this.#pump();
  }

  // ---- writing ----

  inform(status: number, reason: string, fields: string): void {
    if (this.#request?.protocol === "http/1.1") this.#outbox.text(interimText(status, reason, fields));
  }

  answer(head: ResponseHead): void {
    this.#answered = true;
    const request = this.#request;
    // A client that waits for 100 will not send its body any more, or it may: nothing behind it can be told apart (RFC 9110 §10.1.1).
    const wish = request !== undefined && request.keepAlive && !this.#continueDue && !this.#host.stopping;
    const plan = planAnswer(head, request ?? REFUSED, wish);
    this.#keepAlive = plan.keepAlive;
    this.#endsWithClose = plan.framing === "close";
    this.#outbox.text(plan.text);
    this.#writer.start(plan.framing);
  }

  switchProtocols(reason: string, fields: string): void {
    this.#answered = true;
    this.#state = "tunnel";
    this.#reader.startTunnel();
    this.#outbox.text(interimText(101, reason, fields));
    this.#writer.start("close");
    this.#pump();
  }

  write(chunk: Buffer): boolean {
    // An answer to HEAD has no body, whoever wrote it.
    return this.#request?.method === "HEAD" ? true : this.#writer.write(chunk);
  }

  end(trailers: string): void {
    this.#events = undefined;
    this.#writer.end(trailers);
    this.#outbox.flush();
    if (this.#state !== "exchange") return this.#linger();
    this.#paused = false;
    if (!this.#requestEnded) this.#discardBody();
    if (!this.#keepAlive || !this.#requestEnded) return this.#linger();
    this.#state = "awaiting";
    this.#answered = false;
    this.#deadline = this.#host.clock.monotonic() + this.#host.limits.idleTimeout;
    if (this.#host.stopping) this.drain();
    this.#pump();
  }

  flush(): void {
    this.#outbox.flush();
  }

  cut(): void {
    this.#events = undefined;
    this.#outbox.flush();
    // A plain end would look like the end of the answer.
    if (this.#endsWithClose) {
      this.#wire.reset();
      return;
    }
    this.#linger();
  }

  /** A body that has arrived already is thrown away, so that the connection can stay. */
  #discardBody(): void {
    if (this.#request === undefined) return;
    for (;;) {
      const step = this.#reader.next();
      if (step === "data") continue;
      this.#requestEnded = step === "end";
      return;
    }
  }

  #linger(): void {
    if (this.#state === "closed" || this.#state === "lingering") return;
    this.#state = "lingering";
    this.#deadline = this.#host.clock.monotonic() + this.#host.limits.lingerTimeout;
    this.#wire.end();
    this.#gateReading();
  }
}

/** Stands for a request that could not be read. */
const REFUSED: RequestHead = { ...bareRequest("http/1.1", "GET", "/"), keepAlive: false };
