import type { Upstream } from "./ports.ts";

/** What has been read of a request's body while there is no instance to send it to. */
export class HeldBody {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #trailers: string | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False when no more should be read. `chunk` is copied: it may be lent. */
  add(chunk: Buffer): boolean {
    this.#chunks.push(Buffer.from(chunk));
    this.#bytes += chunk.length;
    return this.#bytes < this.#limit;
  }

  end(trailers: string): void {
    this.#trailers = trailers;
  }

  /** Writes everything; false when the instance does not keep up. */
  moveTo(upstream: Upstream): boolean {
    let roomy = true;
    for (const chunk of this.#chunks) roomy = upstream.write(chunk);
    if (this.#trailers !== undefined) upstream.end(this.#trailers);
    this.clear();
    return roomy;
  }

  /** The same once more, for another attempt. What it holds is never written into. */
  copy(): HeldBody {
    const copy = new HeldBody(this.#limit);
    copy.#chunks = [...this.#chunks];
    copy.#bytes = this.#bytes;
    copy.#trailers = this.#trailers;
    return copy;
  }

  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
    this.#trailers = undefined;
  }
}
