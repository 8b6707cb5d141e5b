import { once } from "node:events";
import type { Writable } from "node:stream";
import { keepAlive, type Clock } from "@ebb/base";
import type { WebSocket } from "ws";

/**
 * Many streams over one WebSocket, as k8s.io/apimachinery's wsstream has it: the first byte of each message is its channel. Nobody is waited for
 * but the slowest: a message is sent when the one before has left, and none is read while what one carried cannot be taken.
 */
export class ChannelSocket {
  readonly #socket: WebSocket;
  #waiting = 0;

  /** Watches over the client until the socket has closed. */
  constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket;
    // A client that goes away in the middle is its own affair; `close` follows.
    socket.on("error", () => undefined);
    keepAlive(socket, clock);
  }

  onMessage(listener: (channel: number, body: Buffer) => void): void {
    this.#socket.on("message", (data: Buffer) => {
      const [channel] = data;
      if (channel !== undefined) listener(channel, data.subarray(1));
    });
  }

  onClose(listener: () => void): void {
    this.#socket.once("close", listener);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Resolves when it has left; rejects when the client has gone. */
  send(channel: number, body: Uint8Array | string): Promise<void> {
    const message = Buffer.concat([Buffer.of(channel), typeof body === "string" ? Buffer.from(body) : body]);
    return new Promise((resolve, reject) => this.#socket.send(message, (error) => (error ? reject(error) : resolve())));
  }

  /** All that a stream has to say. */
  async sendAll(channel: number, source: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of source) await this.send(channel, chunk);
  }

  /** Hands bytes on, and reads no further message before they were taken. */
  pass(body: Buffer, target: Writable): void {
    if (body.length === 0 || !target.writable || target.write(body)) return;
    this.#waiting++;
    this.#socket.pause();
    const taken = () => {
      if (--this.#waiting === 0) this.#socket.resume();
    };
    Promise.race([once(target, "drain"), once(target, "close")]).then(taken, taken);
  }

  /** Closes it in good order. */
  close(): void {
    this.#socket.close(1000);
  }
}
