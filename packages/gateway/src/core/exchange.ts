import type { Clock, Logger, Random } from "@ebb/base";
import { forwardFields } from "../http1/forwarding.ts";
import type { Span } from "../http1/trace-context.ts";
import type { RequestHead, ResponseHead } from "../http1/heads.ts";
import type { GatewayLimits } from "../limits.ts";
import type { AccessLogEntry, GatewayTotals, Outcome } from "./access-log.ts";
import type { BackendState, Waiter } from "./backend-state.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { FifoNode } from "./fifo.ts";
import { HeldBody } from "./held-body.ts";
import { answerLocally } from "./local-answer.ts";
import type { ClientEvents, ClientSide, Upstream, UpstreamEvents, UpstreamFailure } from "./ports.ts";
import type { Expiring, Sweep } from "./sweep.ts";

export interface ExchangeServices {
  clock: Clock;
  random: Random;
  log: Logger;
  limits: GatewayLimits;
  sweep: Sweep;
  totals: GatewayTotals;
  /** See ForwardContext. */
  traceSampling: number;
  accessLog: ((entry: AccessLogEntry) => void) | undefined;
}

export interface ExchangeParts {
  client: ClientSide;
  request: RequestHead;
  backend: BackendState;
  /** What the route sets on the request. */
  setHeaders: Readonly<Record<string, string>>;
}

/**
 * `waiting` for an instance → `connecting` to it → `requesting` (until its answer's head) → `answering`, or `tunnel` → `done`.
 * A refused or stale connection leads back to `waiting`, as long as nothing can have been done twice.
 */
type ExchangeState = "new" | "waiting" | "connecting" | "requesting" | "answering" | "tunnel" | "done";

const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);
const CLIENT_GONE = 499;

/**
 * One request from its head to the last byte of its answer: it stands between the client's side and an instance, and knows neither
 * protocol.
 *
 * Invariants: exactly one answer is begun; after an answer has begun, a failure cuts it and never adds to it; the place at an instance is
 * given back exactly once; a request is sent to a second instance only when the first cannot have acted on it.
 */
export class Exchange implements ClientEvents, UpstreamEvents, Waiter, Expiring {
  watchIndex = -1;
  readonly #client: ClientSide;
  readonly #request: RequestHead;
  readonly #backend: BackendState;
  readonly #services: ExchangeServices;
  readonly #fields: string;
  readonly #span: Span;
  /** What came of the body before there was an instance. */
  #held: HeldBody | undefined;
  readonly #arrived: number;
  readonly #deadline: number;
  #state: ExchangeState = "new";
  #place: FifoNode<Waiter> | undefined;
  #endpoint: EndpointState | undefined;
  #upstream: Upstream | undefined;
  /** Of the state at hand; Infinity when it has none. */
  #phaseDeadline = Infinity;
  #refusedSince = -1;
  #freshOnly = false;
  #wasLost = false;
  #waited = 0;
  /** There was no instance for it at once. */
  #wasHeld = false;
  #status = CLIENT_GONE;
  #requestBytes = 0;
  #responseBytes = 0;

  constructor({ client, request, backend, setHeaders }: ExchangeParts, services: ExchangeServices) {
    this.#client = client;
    this.#request = request;
    this.#backend = backend;
    this.#services = services;
    // An instance of HTTP/2 knows no upgrade; it answers the request as a plain one. See `#cannotTunnel` for a client of HTTP/2.
    if (backend.config.protocol === "h2c" && request.protocol !== "h2") request.upgrade = "";
    const { random, traceSampling } = services;
    const { fields, span } = forwardFields(request, { client, setHeaders, ids: random, traceSampling });
    this.#fields = fields;
    this.#span = span;
    this.#arrived = services.clock.monotonic();
    const { timeoutSeconds } = backend.config;
    this.#deadline = timeoutSeconds > 0 ? this.#arrived + timeoutSeconds * 1000 : Infinity;
  }

  /** A WebSocket's CONNECT over HTTP/2 must not be answered as a plain request, whose 200 would mean a tunnel. */
  get #cannotTunnel(): boolean {
    return this.#request.upgrade !== "" && this.#backend.config.protocol === "h2c";
  }

  start(): void {
    const { totals, sweep } = this.#services;
    totals.requests[this.#request.protocol] = (totals.requests[this.#request.protocol] ?? 0) + 1;
    this.#backend.meter.arrive(this.#arrived);
    sweep.watch(this);
    if (this.#cannotTunnel) return this.#fail(501, "this version speaks HTTP/2, and takes no WebSocket");
    this.#ask(false);
    if (this.#state === "waiting") {
      this.#wasHeld = true;
      totals.held++;
    }
  }

  // ---- an instance ----

  #ask(first: boolean): void {
    this.#state = "waiting";
    this.#phaseDeadline = this.#refusedSince < 0 ? Infinity : this.#refusedSince + this.#services.limits.refusedHold;
    const place = this.#backend.acquire(this, first);
    // It may have been granted, refused and even finished before `acquire` returned.
    if (this.#state === "waiting") this.#place = place;
  }

  granted(endpoint: EndpointState): void {
    const now = this.#services.clock.monotonic();
    this.#place = undefined;
    this.#waited = now - this.#arrived;
    this.#endpoint = endpoint;
    this.#state = "connecting";
    this.#phaseDeadline = now + this.#services.limits.connectTimeout;
    this.#upstream = endpoint.connections.open({ repeatable: this.#repeatable, fresh: this.#freshOnly });
    this.#upstream.attach(this);
  }

  refused(status: number, message: string): void {
    this.#place = undefined;
    this.#fail(status, message);
  }

  get #repeatable(): boolean {
    return this.#request.framing === "none" && this.#request.upgrade === "" && IDEMPOTENT.has(this.#request.method);
  }

  upstreamReady(): void {
    const upstream = this.#upstream;
    if (!upstream || !this.#endpoint) return;
    this.#state = "requesting";
    const { responseStartTimeoutSeconds } = this.#backend.config;
    this.#phaseDeadline =
      responseStartTimeoutSeconds > 0 ? this.#services.clock.monotonic() + responseStartTimeoutSeconds * 1000 : Infinity;
    this.#backend.connected(this.#endpoint);
    upstream.send({ head: this.#request, fields: this.#fields });
    const roomy = this.#held?.moveTo(upstream) ?? true;
    upstream.flush();
    if (roomy) this.#client.resumeRequest();
  }

  upstreamFailed(failure: UpstreamFailure, message: string): void {
    this.#upstream = undefined;
    const endpoint = this.#endpoint;
    const { log, clock, totals } = this.#services;
    if (failure === "refused" && endpoint && this.#backend.suspect(endpoint)) {
      log.warn({ revision: this.#backend.config.key, endpoint: endpoint.endpoint.id, reason: message }, "an instance refuses connections");
    }
    if (this.#state === "answering" || this.#state === "tunnel") return this.#cut();
    if (!this.#mayTryAgain(failure)) return this.#fail(502, `the application ended the connection without a whole answer (${message})`);
    totals.retries++;
    if (failure === "refused" && this.#refusedSince < 0) this.#refusedSince = clock.monotonic();
    if (failure === "stale") this.#freshOnly = true;
    if (failure === "lost") this.#wasLost = true;
    // Asked for before the place is given back, so that those who wait behind do not overtake.
    this.#endpoint = undefined;
    this.#ask(true);
    if (endpoint) this.#backend.release(endpoint);
  }

  /** An instance that was killed takes its requests with it. One that may be repeated gets a second chance, and no third: it may be the cause. */
  #mayTryAgain(failure: UpstreamFailure): boolean {
    if (failure === "refused") return true;
    return this.#repeatable && (failure === "stale" || (failure === "lost" && !this.#wasLost));
  }

  // ---- the request's body ----

  requestData(chunk: Buffer): void {
    this.#requestBytes += chunk.length;
    const live = this.#live;
    const roomy = live ? live.write(chunk) : this.#holding.add(chunk);
    if (!roomy && this.#state !== "done") this.#client.pauseRequest();
  }

  requestEnd(trailers: string): void {
    const live = this.#live;
    if (live) live.end(trailers);
    else this.#holding.end(trailers);
  }

  get #holding(): HeldBody {
    return (this.#held ??= new HeldBody(this.#services.limits.heldBodyBytes));
  }

  requestFlush(): void {
    this.#live?.flush();
  }

  upstreamDrained(): void {
    this.#client.resumeRequest();
  }

  /** The upstream once it may be written to. */
  get #live(): Upstream | undefined {
    return this.#state === "requesting" || this.#state === "answering" || this.#state === "tunnel" ? this.#upstream : undefined;
  }

  // ---- the answer ----

  upstreamInform(status: number, reason: string, fields: string): void {
    this.#client.inform(status, reason, fields);
  }

  upstreamAnswer(head: ResponseHead): void {
    this.#begin("answering", head.status);
    this.#client.answer(head);
  }

  upstreamSwitched(reason: string, fields: string): void {
    this.#begin("tunnel", 101);
    this.#client.switchProtocols(reason, fields);
  }

  #begin(state: "answering" | "tunnel", status: number): void {
    this.#state = state;
    this.#status = status;
    this.#touch();
  }

  upstreamData(chunk: Buffer): void {
    this.#responseBytes += chunk.length;
    this.#touch();
    if (!this.#client.write(chunk)) this.#upstream?.pauseAnswer();
  }

  upstreamEnd(trailers: string): void {
    this.#upstream = undefined;
    this.#finish("complete");
    this.#client.end(trailers);
  }

  upstreamFlush(): void {
    if (this.#state !== "done") this.#client.flush();
  }

  clientDrained(): void {
    this.#upstream?.resumeAnswer();
  }

  clientGone(): void {
    if (this.#state === "done") return;
    this.#upstream?.abort();
    this.#finish("client-gone");
  }

  /** The idle timeout counts from the last byte of the answer. */
  #touch(): void {
    const { idleTimeoutSeconds } = this.#backend.config;
    this.#phaseDeadline = idleTimeoutSeconds > 0 ? this.#services.clock.monotonic() + idleTimeoutSeconds * 1000 : Infinity;
  }

  // ---- ends ----

  expire(now: number): void {
    if (now < this.#deadline && now < this.#phaseDeadline) return;
    switch (this.#state) {
      case "waiting":
        if (now >= this.#deadline) return this.#fail(504, "request timeout");
        return this.#fail(502, "no instance of the application accepts connections");
      case "connecting":
        if (now >= this.#deadline) return this.#fail(504, "request timeout");
        this.#upstream?.abort();
        return this.upstreamFailed("refused", "no connection in time");
      case "requesting":
        return this.#fail(504, "request timeout");
      case "answering":
      case "tunnel":
        return this.#cut();
      case "new":
      case "done":
        return;
    }
  }

  /** Ends the exchange before an answer has begun. */
  #fail(status: number, message: string): void {
    this.#upstream?.abort();
    this.#status = status;
    this.#finish("complete");
    answerLocally(this.#client, status, message);
  }

  #cut(): void {
    this.#upstream?.abort();
    this.#finish("cut");
    this.#client.cut();
  }

  #finish(outcome: Outcome): void {
    const { clock, sweep, accessLog } = this.#services;
    const now = clock.monotonic();
    this.#state = "done";
    this.#upstream = undefined;
    this.#held = undefined;
    sweep.unwatch(this);
    this.#backend.meter.depart(now);
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    const durationMs = now - this.#arrived;
    this.#backend.traffic.count({
      status: this.#status,
      outcome,
      durationMs,
      heldMs: this.#wasHeld ? (endpoint ? this.#waited : durationMs) : undefined,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
    });
    if (accessLog) accessLog(this.#entry(outcome, now, endpoint));
    if (this.#place) this.#backend.cancel(this.#place);
    this.#place = undefined;
    if (endpoint) this.#backend.release(endpoint);
  }

  #entry(outcome: Outcome, now: number, endpoint: EndpointState | undefined): AccessLogEntry {
    const request = this.#request;
    const query = request.target.indexOf("?");
    const durationMs = now - this.#arrived;
    return {
      time: this.#services.clock.now() - durationMs,
      method: request.method,
      host: request.host,
      path: query < 0 ? request.target : request.target.slice(0, query),
      protocol: request.protocol,
      status: this.#status,
      outcome,
      revision: this.#backend.config.key,
      endpoint: endpoint?.endpoint.id ?? "",
      durationMs,
      waitedMs: endpoint ? this.#waited : durationMs,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
      remoteAddress: this.#client.remoteAddress,
      requestId: request.requestId,
      traceId: this.#span.traceId,
      spanId: this.#span.spanId,
    };
  }
}
