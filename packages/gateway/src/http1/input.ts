/**
 * Bytes that were read and not used yet. While one chunk is used up before the next arrives, as nearly always, nothing is copied; a rest
 * is copied into a buffer that doubles, so that a sender of single bytes costs linear work.
 */
export class Input {
  bytes: Buffer = EMPTY;
  start = 0;
  end = 0;

  get length(): number {
    return this.end - this.start;
  }

  push(chunk: Buffer): void {
    if (this.start === this.end) {
      this.bytes = chunk;
      this.start = 0;
      this.end = chunk.length;
      return;
    }
    const length = this.length + chunk.length;
    // Only a buffer we made has room behind `end` that is ours to write; a chunk from the socket is full to its end.
    if (this.start + length > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(1024, length * 2));
      this.bytes.copy(grown, 0, this.start, this.end);
      this.end = this.length;
      this.start = 0;
      this.bytes = grown;
    }
    chunk.copy(this.bytes, this.end);
    this.end += chunk.length;
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
    this.start = this.end = 0;
  }
}

const EMPTY = Buffer.alloc(0);
