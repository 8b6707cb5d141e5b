import type { RequestHead } from "../http1/heads.ts";
import type { BackendState } from "./backend-state.ts";
import { Exchange, type ExchangeServices } from "./exchange.ts";
import type { ClientSide, OpenedRequest, Peer } from "./ports.ts";

/** Copies under way at once; more are not made. A shadow that does not keep up must not take the gateway's memory. */
const MOST_MIRRORS = 1000;

export interface Mirrored {
  backend: BackendState;
  request: RequestHead;
}

/** Copies of requests whose answers nobody reads. They never hold up, change or fail the request that they are copies of. */
export class Mirrors {
  readonly #services: ExchangeServices;
  #running = 0;

  constructor(services: ExchangeServices) {
    // A copy is no request of a user's: it is in its revision's counts, and not in the access log.
    this.#services = { ...services, accessLog: undefined };
  }

  /** The request, with its copies beside it. */
  beside(main: OpenedRequest, client: Peer, mirrored: readonly Mirrored[]): OpenedRequest {
    const copies: Copy[] = [];
    for (const { backend, request } of mirrored) {
      if (this.#running >= MOST_MIRRORS) break;
      this.#running++;
      const copy = new Copy(client, () => this.#running--);
      copy.exchange = new Exchange({ client: copy, request, backend, setHeaders: {} }, this.#services);
      copies.push(copy);
    }
    return copies.length > 0 ? new Tee(main, copies) : main;
  }
}

/** A client that takes whatever it is sent and throws it away. It asks for nothing to be slower: where a copy lags, it ends. */
class Copy implements ClientSide {
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly #done: () => void;
  exchange: OpenedRequest | undefined;

  constructor(client: Peer, done: () => void) {
    this.remoteAddress = client.remoteAddress;
    this.secure = client.secure;
    this.#done = done;
  }

  inform(): void {}
  answer(): void {}
  write(): boolean {
    return true;
  }
  flush(): void {}
  resumeRequest(): void {}
  pauseRequest(): void {
    this.leave();
  }
  switchProtocols(): void {
    this.leave();
  }
  end(): void {
    this.#over();
  }
  cut(): void {
    this.#over();
  }

  leave(): void {
    const { exchange } = this;
    this.#over();
    exchange?.clientGone();
  }

  #over(): void {
    if (!this.exchange) return;
    this.exchange = undefined;
    this.#done();
  }
}

/** Tells the request and its copies the same. */
class Tee implements OpenedRequest {
  readonly #main: OpenedRequest;
  readonly #copies: readonly Copy[];
  #ended = false;

  constructor(main: OpenedRequest, copies: readonly Copy[]) {
    this.#main = main;
    this.#copies = copies;
  }

  start(): void {
    for (const copy of this.#copies) copy.exchange?.start();
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
    this.#main.clientGone();
  }
}
