import type { Socket } from "node:net";
import type { Expiring } from "../core/sweep.ts";
import type { ClientConnection, ClientHost } from "./client-host.ts";
import { Http1Connection } from "./http1-connection.ts";
import { Http2Connection } from "./http2-connection.ts";

/** What an HTTP/2 client with prior knowledge sends first (RFC 9113 §3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** A connection whose protocol is not known yet: its first bytes tell. Then it hands the socket on, with what it has read. */
export class Newcomer implements ClientConnection, Expiring {
  readonly #socket: Socket;
  readonly #host: ClientHost;
  readonly #deadline: number;
  #read: Buffer | undefined;
  #settled: ClientConnection | undefined;
  readonly #onData = (chunk: Buffer) => this.#data(chunk);
  readonly #onEnd = () => this.#socket.destroy();

  constructor(socket: Socket, host: ClientHost) {
    this.#socket = socket;
    this.#host = host;
    this.#deadline = host.clock.monotonic() + host.limits.headTimeout;
    socket.on("error", () => {});
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.once("close", () => host.sweep.unwatch(this));
    host.sweep.watch(this);
  }

  drain(): void {
    if (this.#settled) this.#settled.drain();
    else this.#socket.destroy();
  }

  destroy(): void {
    if (this.#settled) this.#settled.destroy();
    else this.#socket.destroy();
  }

  expire(now: number): void {
    if (now >= this.#deadline) this.#socket.destroy();
  }

  #data(chunk: Buffer): void {
    const read = this.#read ? Buffer.concat([this.#read, chunk]) : chunk;
    const compared = Math.min(read.length, PREFACE.length);
    const matches = read.compare(PREFACE, 0, compared, 0, compared) === 0;
    if (matches && read.length < PREFACE.length) {
      this.#read = read;
      return;
    }
    this.#read = undefined;
    this.#host.sweep.unwatch(this);
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    if (matches) this.#becomeHttp2(read);
    else this.#becomeHttp1(read);
  }

  #becomeHttp1(read: Buffer): void {
    const connection = new Http1Connection(this.#socket, this.#host);
    this.#settled = connection;
    connection.receive(read);
  }

  #becomeHttp2(read: Buffer): void {
    // The session takes over the socket's handle; bytes put back are handed to it first.
    this.#socket.pause();
    this.#socket.unshift(read);
    this.#settled = new Http2Connection(this.#socket, this.#host);
  }
}
