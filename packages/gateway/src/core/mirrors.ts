import type { ComparedAnswer } from "../control-protocol.ts";
import type { RequestHead, ResponseHead } from "../http1/heads.ts";
import { pathOf } from "../rules/request-view.ts";
import type { BackendState } from "./backend-state.ts";
import { Comparison, type ComparedRequest } from "./comparison.ts";
import type { ExchangeServices } from "./exchange-parts.ts";
import { Exchange } from "./exchange.ts";
import type { ClientSide, OpenedRequest } from "./ports.ts";

/** Copies under way at once; more are not made. A shadow that does not keep up must not take the gateway's memory. */
const MOST_MIRRORS = 1000;
/** As long as a path is told. */
const LONGEST_PATH = 512;

export interface Mirrored {
  backend: BackendState;
  request: RequestHead;
}

/** The request that copies are made of. */
export interface Original {
  client: ClientSide;
  request: RequestHead;
  backend: BackendState;
  mirrored: readonly Mirrored[];
  /** Makes it, for whom it answers. */
  open(client: ClientSide): OpenedRequest;
}

/**
 * Copies of requests, and how their answers compare with the real ones: status, size, and time to the first byte. They never hold up, change or
 * fail the request that they are copies of.
 */
export class Mirrors {
  readonly #services: ExchangeServices;
  #running = 0;

  constructor(services: ExchangeServices) {
    // A copy is no request of a user's: it is in its revision's counts, and not in the access log.
    this.#services = { ...services, accessLog: undefined };
  }

  /** The request, with its copies beside it. */
  beside({ client, request, backend, mirrored, open }: Original): OpenedRequest {
    if (mirrored.length === 0) return open(client);
    const { clock } = this.#services;
    const watched = new Watched(client, () => clock.monotonic());
    const main = open(watched);
    const about = {
      id: request.requestId,
      time: clock.now(),
      method: request.method,
      path: pathOf(request.target).slice(0, LONGEST_PATH),
    };
    const copies = mirrored.flatMap(({ backend: shadow, request: copied }) => {
      const comparison = comparisonOf(shadow, backend);
      if (this.#running >= MOST_MIRRORS) {
        comparison.leaveOut();
        return [];
      }
      this.#running++;
      copied.fields += copied.requestId === "" ? `X-Request-Id: ${request.requestId}\r\n` : "";
      copied.requestId = request.requestId;
      const pair = new Pair(about, comparison, () => this.#running--);
      const copy = new Watched(new Nobody(watched, () => copy.leave()), () => clock.monotonic());
      watched.ended.push((answer) => pair.mainEnded(answer));
      copy.ended.push((answer) => pair.shadowEnded(answer));
      copy.exchange = new Exchange({ client: copy, request: copied, backend: shadow, setHeaders: {} }, this.#services);
      return [copy];
    });
    return new Tee(main, watched, copies);
  }
}

function comparisonOf(shadow: BackendState, main: BackendState): Comparison {
  const all = (shadow.comparisons ??= new Map<string, Comparison>());
  const known = all.get(main.config.key) ?? new Comparison(main.config.key);
  all.set(main.config.key, known);
  return known;
}

/** The two answers to one request. */
class Pair {
  readonly #request: ComparedRequest;
  readonly #comparison: Comparison;
  readonly #done: () => void;
  #main: ComparedAnswer | undefined;
  #shadow: ComparedAnswer | undefined;
  #isOver = false;

  constructor(request: ComparedRequest, comparison: Comparison, done: () => void) {
    this.#request = request;
    this.#comparison = comparison;
    this.#done = done;
  }

  mainEnded(answer: ComparedAnswer | undefined): void {
    this.#main = answer;
    // Its client left: there is nothing to compare with.
    if (!answer) this.#over();
    else this.#compare();
  }

  /** Undefined: it was left before it had an answer. The place is free from here on. */
  shadowEnded(answer: ComparedAnswer | undefined): void {
    this.#done();
    this.#shadow = answer;
    if (!answer) this.#over();
    else this.#compare();
  }

  #compare(): void {
    if (this.#isOver || !this.#main || !this.#shadow) return;
    this.#isOver = true;
    this.#comparison.add(this.#request, this.#main, this.#shadow);
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#comparison.leaveOut();
  }
}

/** Whoever is at the other end of a copy: takes whatever it is sent and throws it away. It asks for nothing to be slower: where a copy lags, it ends. */
class Nobody implements ClientSide {
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly #leave: () => void;

  constructor(of: ClientSide, leave: () => void) {
    this.remoteAddress = of.remoteAddress;
    this.secure = of.secure;
    this.#leave = leave;
  }

  inform(): void {}
  answer(): void {}
  write(): boolean {
    return true;
  }
  flush(): void {}
  resumeRequest(): void {}
  pauseRequest(): void {
    this.#leave();
  }
  switchProtocols(): void {
    this.#leave();
  }
  end(): void {}
  cut(): void {}
}

/** A client, with what it is answered noted on the way. */
class Watched implements ClientSide {
  readonly #client: ClientSide;
  readonly #now: () => number;
  /** Told once; undefined when there was no answer to the end. */
  readonly ended: ((answer: ComparedAnswer | undefined) => void)[] = [];
  exchange: OpenedRequest | undefined;
  #began = 0;
  #status = 0;
  #firstByte = 0;
  #bytes = 0;
  #isOver = false;

  constructor(client: ClientSide, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  get remoteAddress(): string {
    return this.#client.remoteAddress;
  }
  get secure(): boolean {
    return this.#client.secure;
  }
  get forwarding(): ClientSide["forwarding"] {
    return this.#client.forwarding;
  }
  set forwarding(said: ClientSide["forwarding"]) {
    this.#client.forwarding = said;
  }

  begin(): void {
    this.#began = this.#now();
  }
  inform(status: number, reason: string, fields: string): void {
    this.#client.inform(status, reason, fields);
  }
  answer(head: ResponseHead): void {
    this.#status = head.status;
    this.#firstByte = this.#now();
    this.#client.answer(head);
  }
  switchProtocols(reason: string, fields: string): void {
    this.over(undefined);
    this.#client.switchProtocols(reason, fields);
  }
  write(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    return this.#client.write(chunk);
  }
  flush(): void {
    this.#client.flush();
  }
  resumeRequest(): void {
    this.#client.resumeRequest();
  }
  pauseRequest(): void {
    this.#client.pauseRequest();
  }
  end(trailers: string, whole = true): void {
    this.over(this.#answerSo(whole));
    this.#client.end(trailers);
  }
  cut(): void {
    this.over(this.#answerSo(false));
    this.#client.cut();
  }

  leave(): void {
    const { exchange } = this;
    this.over(undefined);
    exchange?.clientGone();
  }

  over(answer: ComparedAnswer | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.exchange = undefined;
    for (const tell of this.ended) tell(answer);
  }

  #answerSo(whole: boolean): ComparedAnswer {
    return { status: this.#status, bytes: this.#bytes, ms: this.#firstByte - this.#began, whole };
  }
}

/** Tells the request and its copies the same. */
class Tee implements OpenedRequest {
  readonly #main: OpenedRequest;
  readonly #client: Watched;
  readonly #copies: readonly Watched[];
  #ended = false;

  constructor(main: OpenedRequest, client: Watched, copies: readonly Watched[]) {
    this.#main = main;
    this.#client = client;
    this.#copies = copies;
  }

  start(): void {
    this.#client.begin();
    for (const copy of this.#copies) {
      copy.begin();
      copy.exchange?.start();
    }
    this.#main.start();
  }
  requestData(chunk: Buffer): void {
    for (const copy of this.#copies) copy.exchange?.requestData(chunk);
    this.#main.requestData(chunk);
  }
  requestEnd(trailers: string): void {
    this.#ended = true;
    for (const copy of this.#copies) copy.exchange?.requestEnd(trailers);
    this.#main.requestEnd(trailers);
  }
  requestFlush(): void {
    for (const copy of this.#copies) copy.exchange?.requestFlush();
    this.#main.requestFlush();
  }
  clientDrained(): void {
    this.#main.clientDrained();
  }
  clientGone(): void {
    // Half a body is nothing to try a version with; a whole request goes on without whoever sent it.
    if (!this.#ended) for (const copy of this.#copies) copy.leave();
    this.#client.over(undefined);
    this.#main.clientGone();
  }
}
