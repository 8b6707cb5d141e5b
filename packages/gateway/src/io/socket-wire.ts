import { Socket, type TcpSocketConnectOpts } from "node:net";
import type { Place, Places } from "./places.ts";
import { NOBODY, type Wire, type WireEvents } from "./wire.ts";

/** A connection by Node's documented means. */
export class SocketWire implements Wire {
  events: WireEvents = NOBODY;
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly #socket: Socket;
  readonly #onData = (chunk: Buffer) => this.events.read(chunk, chunk.length);
  readonly #onEnd = () => this.events.ended();
  /** Of one that we began. */
  #place: Place | undefined;
  #reason = "connection closed";

  constructor(socket: Socket, secure = false) {
    this.#socket = socket;
    this.secure = secure;
    this.remoteAddress = socket.remoteAddress ?? "unknown";
    socket.on("connect", () => this.events.connected?.());
    socket.on("data", this.#onData);
    socket.on("drain", () => this.events.drained());
    socket.on("end", this.#onEnd);
    socket.on("error", (error) => void (this.#reason = error.message));
    socket.on("close", () => {
      this.#place?.leave();
      this.events.closed(this.#reason);
    });
  }

  static connect(places: Places, host: string, port: number): SocketWire {
    const socket = new Socket({ allowHalfOpen: true });
    const wire = new SocketWire(socket);
    wire.#place = places.enter(() => void socket.connect({ host, port, noDelay: true } as TcpSocketConnectOpts));
    return wire;
  }

  get roomy(): boolean {
    return !this.#socket.writableNeedDrain;
  }
  get writable(): boolean {
    return this.#socket.writable;
  }
  get waits(): boolean {
    return this.#place?.waits === true;
  }

  write(text: string, bytes?: Buffer): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    if (!bytes) return socket.write(text, "latin1");
    const own = Buffer.from(bytes);
    if (text === "") return socket.write(own);
    socket.cork();
    socket.write(text, "latin1");
    const roomy = socket.write(own);
    socket.uncork();
    return roomy;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(reason?: string): void {
    if (reason !== undefined) this.#reason = reason;
    this.#socket.destroy();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Node reads into new memory each time. */
  lend(): void {}
}
