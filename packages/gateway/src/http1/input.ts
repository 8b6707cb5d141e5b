/**
 * Bytes that were read and not used yet. While one chunk is used up in its turn, as nearly always, nothing is copied; a rest is copied by
 * `keep` before the turn ends, as the memory of a read is used again, into a buffer that doubles, so that a sender of single bytes costs linear work.
 */
export class Input {
  bytes: Buffer = EMPTY;
  start = 0;
  end = 0;
  /** The buffer that we made, if `bytes` is one. */
  #own: Buffer | undefined;

  get length(): number {
    return this.end - this.start;
  }

  /** The first `count` bytes of the chunk. */
  push(chunk: Buffer, count: number): void {
    if (this.start === this.end) {
      this.bytes = chunk;
      this.start = 0;
      this.end = count;
      return;
    }
    const length = this.length + count;
    // Only a buffer we made has room behind `end` that is ours to write.
    if (this.bytes !== this.#own || this.start + length > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(1024, length * 2));
      this.bytes.copy(grown, 0, this.start, this.end);
      this.end = this.length;
      this.start = 0;
      this.bytes = this.#own = grown;
    }
    chunk.copy(this.bytes, this.end, 0, count);
    this.end += count;
  }

  /** Copies what is left of a chunk that was lent. */
  keep(): void {
    if (this.length === 0 || this.bytes === this.#own) return;
    const own = Buffer.allocUnsafeSlow(Math.max(1024, this.length * 2));
    this.bytes.copy(own, 0, this.start, this.end);
    this.end = this.length;
    this.start = 0;
    this.bytes = this.#own = own;
  }

  /** Takes the next `count` bytes, without copying. */
  take(count: number): Buffer {
    const slice = this.bytes.subarray(this.start, this.start + count);
    this.start += count;
    this.release();
    return slice;
  }

  /** Lets go of the memory when nothing is left. What `take` gave away is never written to again, as it lies before `end`. */
  release(): void {
    if (this.start < this.end) return;
    this.bytes = EMPTY;
    this.#own = undefined;
    this.start = this.end = 0;
  }
}

const EMPTY = Buffer.alloc(0);
