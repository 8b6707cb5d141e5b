import { latin1 } from "./bytes.ts";
import type { Socket } from "node:net";

/** Up to here it is cheaper to copy bytes into the text at hand than to give the kernel a second piece. */
const COPY_BELOW = 4096;

/**
 * Collects what goes out on a socket during one turn, so that a head and a small body leave in one write. All text is Latin-1: one
 * character is one byte. Whoever writes must `flush` before returning to the event loop.
 */
export class Outbox {
  readonly #socket: Socket;
  #text = "";
  /** Bytes given to the socket so far. */
  written = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether the socket wants more. */
  get roomy(): boolean {
    return !this.#socket.writableNeedDrain;
  }

  text(text: string): void {
    this.#text += text;
  }

  bytes(chunk: Buffer): boolean {
    if (chunk.length <= COPY_BELOW) {
      this.#text += latin1(chunk, 0, chunk.length);
      return this.roomy;
    }
    if (this.#text === "") {
      this.written += chunk.length;
      return this.#socket.write(chunk);
    }
    this.#socket.cork();
    this.flush();
    this.written += chunk.length;
    const roomy = this.#socket.write(chunk);
    this.#socket.uncork();
    return roomy;
  }

  flush(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    this.written += text.length;
    this.#socket.write(text, "latin1");
  }
}
