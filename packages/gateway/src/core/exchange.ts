import type { Timer } from "@ebb/base";
import { forwardFields, type OutgoingFields } from "../http1/forwarding.ts";
import type { Span } from "../http1/trace-context.ts";
import type { RequestHead, ResponseHead } from "../http1/heads.ts";
import { answerFields } from "../rules/answer-changes.ts";
import { pathOf } from "../rules/request-view.ts";
import type { ForwardPlan } from "../rules/decide.ts";
import { retryDelay } from "../rules/retry-policy.ts";
import type { AccessLogEntry, Outcome } from "./access-log.ts";
import type { BackendState, Waiter } from "./backend-state.ts";
import type { EndpointState } from "./endpoint-state.ts";
import { logRequest } from "./logged-requests.ts";
import type { FifoNode } from "./fifo.ts";
import type { HostGuard, Preference } from "./host-guard.ts";
import { HeldBody } from "./held-body.ts";
import { endForTime, TIMED_OUT } from "./early-end.ts";
import { answerLocally } from "./local-answer.ts";
import type { ClientEvents, ClientSide, Upstream, UpstreamEvents, UpstreamFailure } from "./ports.ts";
import { isIdempotent, RetryState } from "./retry-state.ts";
import { dueSample } from "./seen-requests.ts";
import type { Expiring } from "./sweep.ts";
import type { FinishedRequest } from "./traffic-counters.ts";
import type { ExchangeParts, ExchangeServices } from "./exchange-parts.ts";

/**
 * Perhaps `delayed` (by a rule, or before another attempt); `waiting` for an instance → `connecting` to it → `requesting` (until its answer's head) → `answering`, or `tunnel` → `done`.
 * A refused or stale connection leads back to `waiting`, as long as nothing can have been done twice.
 */
type ExchangeState = "new" | "delayed" | "waiting" | "connecting" | "requesting" | "answering" | "tunnel" | "done";

const CLIENT_GONE = 499;
/**
 * Milliseconds. A program that is killed closes one socket after the other; its port may still take connections when the first of them has ended, and end them, too. A
 * second try that went there would be the last.
 */
const END_OF_A_PROCESS = 20;
/** How often a request is sent again to instances that say that they have not looked at it: they may never do. */
const MOST_UNPROCESSED = 3;

/**
 * One request from its head to the last byte of its answer: it stands between the client's side and an instance, and knows neither
 * protocol.
 *
 * Invariants: exactly one answer is begun; after an answer has begun, a failure cuts it and never adds to it, but for a timeout that says so behind it; the
 * place at an instance is given back exactly once; a request is sent to a second instance only when the first cannot have acted on it, or a rule asks for it.
 */
export class Exchange implements ClientEvents, UpstreamEvents, Waiter, Expiring {
  watchIndex = -1;
  ticket = 0;
  readonly #client: ClientSide;
  readonly #request: RequestHead;
  readonly #asked: RequestHead;
  readonly #remember: ExchangeParts["remember"];
  readonly #backend: BackendState;
  readonly #services: ExchangeServices;
  readonly #fields: OutgoingFields;
  readonly #span: Span;
  readonly #plan: ForwardPlan | undefined;
  readonly #retry: RetryState | undefined;
  readonly #guard: HostGuard | undefined;
  /** Where the client was before. */
  readonly #stay: Preference | undefined;
  readonly preferred: string;
  #delay: Timer | undefined;
  #answer: ResponseHead | undefined;
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
  #unprocessed = 0;
  #waited = 0;
  /** There was no instance for it at once. */
  #wasHeld = false;
  #status = CLIENT_GONE;
  /** An instance was thawed, or its program let go, for it. */
  #hasThawed = false;
  /** It was sent where nobody had said yet that it is ready. */
  #hasTried = false;
  #requestBytes = 0;
  #responseBytes = 0;

  constructor({ client, request, asked, backend, setHeaders, plan, guard, stay, remember }: ExchangeParts, services: ExchangeServices) {
    this.#plan = plan;
    this.#guard = guard;
    this.#stay = stay;
    this.preferred = stay?.revision === backend.nickname ? stay.endpoint : "";
    const policy = !plan?.retries && guard && isIdempotent(request.method) ? guard.policy.retries : undefined;
    const retries = plan?.retries ?? policy;
    const budget = policy && { percent: policy.budgetPercent, backend };
    this.#retry = retries && new RetryState(retries, request, { heldBodyBytes: services.limits.heldBodyBytes, budget });
    this.#client = client;
    this.#request = request;
    this.#asked = asked ?? request;
    this.#remember = remember;
    this.#backend = backend;
    this.#services = services;
    // An instance of HTTP/2 knows no upgrade; it answers the request as a plain one. See `#cannotTunnel` for a client of HTTP/2.
    if (backend.config.protocol === "h2c" && request.protocol !== "h2") request.upgrade = "";
    const { ids, traceSampling } = services;
    const { fields, span } = forwardFields(request, {
      client,
      setHeaders,
      clientAuthority: plan?.clientAuthority,
      ids,
      traceSampling,
    });
    this.#fields = fields;
    this.#span = span;
    this.#arrived = services.clock.monotonic();
    const { timeoutSeconds } = backend.config;
    const own = timeoutSeconds > 0 ? timeoutSeconds * 1000 : Infinity;
    this.#deadline = this.#arrived + (plan ? Math.min(own, plan.timeoutMs) : own);
  }

  /** A WebSocket's CONNECT over HTTP/2 must not be answered as a plain request, whose 200 would mean a tunnel. */
  #cannotTunnel(): boolean {
    return this.#request.upgrade !== "" && this.#backend.config.protocol === "h2c";
  }

  start(): void {
    const { totals, sweep } = this.#services;
    totals.requests[this.#request.protocol] = (totals.requests[this.#request.protocol] ?? 0) + 1;
    this.#backend.meter.arrive(this.#arrived);
    sweep.watch(this);
    if (this.#cannotTunnel()) return this.#fail(501, "this version speaks HTTP/2, and takes no WebSocket");
    if (this.#plan && this.#plan.delayMs > 0) return this.#later(this.#plan.delayMs, () => this.#afterDelay());
    this.#ask(false);
    this.#noteHeld();
  }

  #afterDelay(): void {
    const abort = this.#plan?.abort;
    if (abort !== undefined) return this.#fail(abort, "fault filter abort");
    this.#ask(false);
    this.#noteHeld();
  }

  #later(milliseconds: number, then: () => void): void {
    this.#state = "delayed";
    this.#phaseDeadline = Infinity;
    this.#delay = this.#services.clock.after(milliseconds, () => {
      this.#delay = undefined;
      then();
    });
  }

  #noteHeld(): void {
    if (this.#state === "waiting" || this.#hasThawed || this.#hasTried) {
      this.#wasHeld = true;
      this.#services.totals.held++;
    }
  }

  // ---- an instance ----

  #ask(first: boolean): void {
    this.#state = "waiting";
    this.#phaseDeadline = this.#refusedSince < 0 ? Infinity : this.#refusedSince + this.#services.limits.refusedHold;
    const place = this.#backend.acquire(this, first);
    // It may have been granted, refused and even asked again before `acquire` returned.
    if (place?.queued) this.#place = place;
  }

  granted(endpoint: EndpointState): void {
    const now = this.#services.clock.monotonic();
    this.#place = undefined;
    this.#waited = now - this.#arrived;
    this.#endpoint = endpoint;
    this.#hasThawed ||= endpoint.thawed;
    endpoint.thawed = false;
    this.#hasTried ||= endpoint.triedSince !== undefined;
    this.#state = "connecting";
    this.#phaseDeadline = now + this.#services.limits.connectTimeout;
    this.#upstream = endpoint.connections.open({ repeatable: this.#repeatable(), fresh: this.#freshOnly });
    this.#upstream.attach(this);
  }

  refused(status: number, message: string): void {
    this.#place = undefined;
    this.#fail(status, message);
  }

  #repeatable(): boolean {
    return this.#isBodiless() && isIdempotent(this.#request.method);
  }

  #isBodiless(): boolean {
    return this.#request.framing === "none" && this.#request.upgrade === "";
  }

  upstreamReady(): void {
    const upstream = this.#upstream;
    if (!upstream || !this.#endpoint) return;
    this.#state = "requesting";
    const { responseStartTimeoutSeconds } = this.#backend.config;
    const start = responseStartTimeoutSeconds > 0 ? responseStartTimeoutSeconds * 1000 : Infinity;
    const patience = this.#retry ? Math.min(start, this.#retry.perTryMs) : start;
    this.#phaseDeadline = patience === Infinity ? Infinity : this.#services.clock.monotonic() + patience;
    this.#backend.connected(this.#endpoint);
    upstream.send({ head: this.#request, fields: this.#fields });
    const roomy = this.#held?.moveTo(upstream) ?? true;
    upstream.flush();
    if (roomy) this.#client.resumeRequest();
  }

  upstreamFailed(failure: UpstreamFailure, message: string): void {
    this.#upstream = undefined;
    const endpoint = this.#endpoint;
    const { log, clock } = this.#services;
    if (failure === "refused" && endpoint && this.#backend.suspect(endpoint)) {
      log.warn({ revision: this.#backend.config.key, endpoint: endpoint.endpoint.id, reason: message }, "an instance refuses connections");
    }
    if (this.#state === "answering" || this.#state === "tunnel") return this.#cut();
    if (!this.#mayTryAgain(failure)) {
      if (this.#retry?.takeAfter(failure)) return this.#retryLater();
      return this.#fail(502, `the application ended the connection without a whole answer (${message})`);
    }
    // What is only tried is expected to refuse.
    const expected = failure === "refused" && endpoint?.triedSince !== undefined;
    if (!expected) this.#countRetry();
    if (failure === "refused" && !expected && this.#refusedSince < 0) this.#refusedSince = clock.monotonic();
    if (failure === "stale") this.#freshOnly = true;
    if (failure === "lost") this.#wasLost = true;
    if (endpoint && failure === "lost") this.#judge(endpoint, false);
    if (failure === "stale" || failure === "lost") this.#later(END_OF_A_PROCESS, () => this.#askElsewhere());
    else this.#askElsewhere();
  }

  /** Asks before it gives its place back, so that those who wait behind do not overtake, and another instance is the less busy one. */
  #askElsewhere(): void {
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    this.#ask(true);
    if (endpoint) this.#backend.release(endpoint);
  }

  #countRetry(): void {
    this.#services.totals.retries++;
    this.#backend.traffic.note("retried");
  }

  #judge(endpoint: EndpointState, ok: boolean): void {
    const ejection = this.#guard?.policy.ejection;
    if (!ejection || !this.#backend.judge(endpoint, ok, ejection)) return;
    const { log } = this.#services;
    log.warn(
      { revision: this.#backend.config.key, endpoint: endpoint.endpoint.id },
      "an instance fails again and again, and gets no requests for a while",
    );
  }

  /** Another attempt that a rule or a policy asks for: with the whole request, to whichever instance is next. */
  #retryLater(): void {
    const endpoint = this.#endpoint;
    const retry = this.#retry;
    if (!retry) return;
    this.#countRetry();
    this.#upstream?.abort();
    this.#upstream = undefined;
    this.#endpoint = undefined;
    this.#held = retry.body();
    if (endpoint) this.#judge(endpoint, false);
    this.#later(retryDelay(retry.attempt, this.#services.random.float()), () => this.#ask(true));
    if (endpoint) this.#backend.release(endpoint);
  }

  /**
   * An instance that was killed takes its requests with it. One that may be repeated gets a second chance, and no third: it may be the cause. So may one
   * on a kept connection that has ended, which looks like one that the instance has closed in time. What the instance says it has not looked at may be sent
   * again whatever it asks for, as long as there is no body, which has gone.
   */
  #mayTryAgain(failure: UpstreamFailure): boolean {
    if (failure === "refused") return true;
    if (failure === "unprocessed") return this.#isBodiless() && ++this.#unprocessed <= MOST_UNPROCESSED;
    return this.#repeatable() && (failure === "stale" || (failure === "lost" && !this.#wasLost && !this.#freshOnly));
  }

  // ---- the request's body ----

  requestData(chunk: Buffer): void {
    this.#requestBytes += chunk.length;
    this.#retry?.add(chunk);
    const live = this.#live();
    const roomy = live ? live.write(chunk) : this.#holding().add(chunk);
    if (!roomy && this.#state !== "done") this.#client.pauseRequest();
  }

  requestEnd(trailers: string): void {
    this.#retry?.end(trailers);
    const live = this.#live();
    if (live) live.end(trailers);
    else this.#holding().end(trailers);
  }

  #holding(): HeldBody {
    return (this.#held ??= new HeldBody(this.#services.limits.heldBodyBytes));
  }

  requestFlush(): void {
    this.#live()?.flush();
  }

  upstreamDrained(): void {
    this.#client.resumeRequest();
  }

  /** The upstream once it may be written to. */
  #live(): Upstream | undefined {
    return this.#state === "requesting" || this.#state === "answering" || this.#state === "tunnel" ? this.#upstream : undefined;
  }

  // ---- the answer ----

  upstreamInform(status: number, reason: string, fields: string): void {
    this.#client.inform(status, reason, fields);
  }

  upstreamAnswer(head: ResponseHead): void {
    if (this.#retry?.takeAnswer(head)) return this.#retryLater();
    this.#begin("answering", head.status);
    this.#answer = head;
    const planned = this.#plan ? { ...head, fields: answerFields(this.#plan, head), usual: undefined } : head;
    const cookie = this.#cookie();
    this.#client.answer(cookie === "" ? planned : { ...planned, fields: planned.fields + cookie, usual: undefined });
  }

  upstreamSwitched(reason: string, fields: string): void {
    this.#begin("tunnel", 101);
    this.#endpoint?.tunnelled();
    this.#client.switchProtocols(reason, fields + this.#cookie());
  }

  #cookie(): string {
    if (!this.#guard || !this.#endpoint) return "";
    return this.#guard.cookieFor({ revision: this.#backend.nickname, endpoint: this.#endpoint.nickname }, this.#stay, this.#client);
  }

  #begin(state: "answering" | "tunnel", status: number): void {
    this.#state = state;
    this.#status = status;
    if (this.#endpoint && !this.#endpoint.answered) this.#firstAnswer(this.#endpoint);
    this.#touch();
  }

  #firstAnswer(endpoint: EndpointState): void {
    endpoint.answered = true;
    const answerMs = this.#services.clock.monotonic() - this.#arrived - this.#waited;
    const how = { ...(this.#hasThawed && { thawed: true as const }), ...(this.#hasTried && { tried: true as const }) };
    if (this.#wasHeld) this.#backend.begins({ endpoint: endpoint.endpoint.id, heldMs: this.#waited, answerMs, ...how });
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
        if (now >= this.#deadline) return this.#fail(504, TIMED_OUT);
        return this.#fail(502, "no instance of the application accepts connections");
      case "connecting":
        if (now >= this.#deadline) return this.#fail(504, TIMED_OUT);
        if (this.#upstream?.waits) return this.#fail(503, "as many connections to instances are open as this gateway may have");
        this.#upstream?.abort();
        return this.upstreamFailed("refused", "no connection in time");
      case "delayed":
        return this.#fail(504, TIMED_OUT);
      case "requesting":
        if (now < this.#deadline && this.#retry?.takeAfter("try-timeout")) return this.#retryLater();
        return this.#fail(504, TIMED_OUT);
      case "answering":
        return this.#cut(this.#answer);
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
    this.#finish("complete", message);
    answerLocally(this.#client, status, message);
  }

  /** With an answer, its time is over. */
  #cut(answer?: ResponseHead): void {
    this.#upstream?.abort();
    this.#finish("cut");
    if (answer) endForTime(this.#client, answer);
    else this.#client.cut();
  }

  #finish(outcome: Outcome, reason = ""): void {
    const { clock, sweep, accessLog } = this.#services;
    const now = clock.monotonic();
    const wasTunnel = this.#state === "tunnel";
    this.#state = "done";
    this.#upstream = undefined;
    this.#held = undefined;
    this.#delay?.cancel();
    sweep.unwatch(this);
    this.#backend.meter.depart(now);
    const endpoint = this.#endpoint;
    this.#endpoint = undefined;
    const durationMs = now - this.#arrived;
    const finished = {
      status: this.#status,
      outcome,
      durationMs,
      heldMs: this.#wasHeld ? (endpoint ? this.#waited : durationMs) : undefined,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
    };
    this.#backend.traffic.count(finished);
    const kept = this.#remember && dueSample(this.#backend, finished, now);
    const { requestId: id } = this.#request;
    kept?.keep({ ...finished, request: this.#asked, id, time: clock.now() - durationMs, reason }, this.#remember?.recorded);
    const { requestLog } = this.#backend.config;
    if (accessLog || requestLog) {
      const entry = this.#entry(finished, endpoint);
      accessLog?.(entry);
      if (requestLog && endpoint) logRequest(this.#backend, entry, { request: this.#request, fields: this.#fields });
    }
    if (this.#place) this.#backend.cancel(this.#place);
    this.#place = undefined;
    this.#retry?.leave();
    if (endpoint && outcome !== "client-gone") this.#judge(endpoint, this.#status < 500);
    if (endpoint) this.#backend.release(endpoint, wasTunnel);
  }

  #entry({ status, outcome, durationMs }: FinishedRequest, endpoint: EndpointState | undefined): AccessLogEntry {
    const { method, protocol, requestId } = this.#request;
    return {
      time: this.#services.clock.now() - durationMs,
      method,
      host: this.#asked.host,
      path: pathOf(this.#asked.target),
      protocol,
      status,
      outcome,
      revision: this.#backend.config.key,
      endpoint: endpoint?.endpoint.id ?? "",
      durationMs,
      waitedMs: endpoint ? this.#waited : durationMs,
      requestBytes: this.#requestBytes,
      responseBytes: this.#responseBytes,
      remoteAddress: this.#client.remoteAddress,
      requestId,
      traceId: this.#span.traceId,
      spanId: this.#span.spanId,
    };
  }
}
