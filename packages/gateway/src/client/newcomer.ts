import { PREFACE } from "../http2/session.ts";
import type { Expiring } from "../core/sweep.ts";
import type { Wire, WireEvents } from "../io/wire.ts";
import type { ClientConnection, ClientHost } from "./client-host.ts";
import { Http1Connection } from "./http1-connection.ts";
import { Http2Connection } from "./http2-connection.ts";

/** An HTTP/2 client with prior knowledge. */
const FIRST_BYTES = Buffer.from(PREFACE, "latin1");

/** What is known of a connection's protocol: by TLS it was agreed on, otherwise the first bytes tell. */
export type KnownProtocol = "h2" | "http/1.1" | undefined;

/** A connection before its first bytes. Then it hands the connection on, with what it has read; and once more if it goes on in HTTP/2. */
export class Newcomer implements ClientConnection, Expiring, WireEvents {
  watchIndex = -1;
  readonly #wire: Wire;
  readonly #host: ClientHost;
  readonly #deadline: number;
  readonly #protocol: KnownProtocol;
  readonly #onClose: () => void;
  #bytes: Buffer | undefined;
  #settled: ClientConnection | undefined;

  /** `onClose` is called once when the connection has closed, whatever became of it. */
  constructor(wire: Wire, protocol: KnownProtocol, host: ClientHost, onClose: () => void) {
    this.#wire = wire;
    this.#protocol = protocol;
    this.#host = host;
    this.#onClose = onClose;
    this.#deadline = host.clock.monotonic() + host.limits.headTimeout;
    wire.events = this;
    if (protocol === "h2") this.#becomeHttp2();
    else host.sweep.watch(this);
  }

  drain(): void {
    if (this.#settled) this.#settled.drain();
    else this.#wire.destroy();
  }

  destroy(): void {
    if (this.#settled) this.#settled.destroy();
    else this.#wire.destroy();
  }

  expire(now: number): void {
    if (now >= this.#deadline) this.#wire.destroy();
  }

  read(bytes: Buffer, count: number): void {
    const chunk = bytes.subarray(0, count);
    if (this.#protocol !== undefined) {
      this.#host.sweep.unwatch(this);
      return this.#becomeHttp1(chunk);
    }
    const read = this.#bytes ? Buffer.concat([this.#bytes, chunk]) : chunk;
    const compared = Math.min(read.length, FIRST_BYTES.length);
    const matches = read.compare(FIRST_BYTES, 0, compared, 0, compared) === 0;
    if (matches && read.length < FIRST_BYTES.length) {
      this.#bytes = read;
      return;
    }
    this.#bytes = undefined;
    this.#host.sweep.unwatch(this);
    if (matches) this.#becomeHttp2(read);
    else this.#becomeHttp1(read);
  }

  drained(): void {}

  ended(): void {
    this.#wire.destroy();
  }

  closed(): void {
    this.#host.sweep.unwatch(this);
    this.#onClose();
  }

  #becomeHttp1(read: Buffer): void {
    const connection = new Http1Connection(this.#wire, this.#host, {
      close: this.#onClose,
      upgrade: (request, settings) => this.#becomeHttp2().serveUpgraded(request, settings),
    });
    this.#settled = connection;
    connection.read(read, read.length);
  }

  #becomeHttp2(read?: Buffer): Http2Connection {
    const connection = new Http2Connection(this.#wire, this.#host, this.#onClose);
    this.#settled = connection;
    if (read) connection.read(read);
    return connection;
  }
}
