import type { Wire } from "../io/wire.ts";
import { latin1 } from "./bytes.ts";

/** Up to here it is cheaper to copy bytes into the text at hand than to give the kernel a second piece. */
const COPY_BELOW = 1024;

/**
 * Collects what goes out on a connection during one turn, so that a head and a small body leave in one write. All text is Latin-1: one
 * character is one byte. Whoever writes must `flush` before returning to the event loop.
 */
export class Outbox {
  readonly #wire: Wire;
  #text = "";

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Whether the connection takes more. */
  get roomy(): boolean {
    return this.#wire.roomy;
  }

  text(text: string): void {
    this.#text += text;
  }

  bytes(chunk: Buffer): boolean {
    if (chunk.length <= COPY_BELOW) {
      this.#text += latin1(chunk, 0, chunk.length);
      return this.roomy;
    }
    const text = this.#text;
    this.#text = "";
    return this.#wire.write(text, chunk);
  }

  flush(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    this.#wire.write(text);
  }
}
