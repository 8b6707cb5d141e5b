import type { Framing } from "./heads.ts";
import type { Outbox } from "./outbox.ts";

/** Writes one body in the framing that its head announced. */
export class BodyWriter {
  readonly #outbox: Outbox;
  #chunked = false;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  start(framing: Framing): void {
    this.#chunked = framing === "chunked";
  }

  /** False when the peer does not keep up: stop until the socket has drained. */
  write(chunk: Buffer): boolean {
    if (!this.#chunked) return this.#outbox.bytes(chunk);
    if (chunk.length === 0) return this.#outbox.roomy;
    this.#outbox.text(`${chunk.length.toString(16)}\r\n`);
    this.#outbox.bytes(chunk);
    this.#outbox.text("\r\n");
    return this.#outbox.roomy;
  }

  /** `trailers` are whole lines; a framing without room for them drops them. */
  end(trailers: string): void {
    if (this.#chunked) this.#outbox.text(`0\r\n${trailers}\r\n`);
  }
}
