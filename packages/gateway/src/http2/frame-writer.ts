import type { Wire } from "../io/wire.ts";
import { CODE, FLAG, FRAME, FRAME_HEAD, FRAME_SIZE } from "./codes.ts";
import { copyBytes } from "../http1/bytes.ts";
import type { BlockBuffer } from "./hpack/encoder.ts";

const BUFFER = 32 * 1024;
/** Between turns no connection has one. */
const spare: Buffer[] = [];
const MOST_SPARE = 32;

/**
 * Puts frames together and sends what one turn brings about with one write, at the turn's end. `flush` sends at once.
 *
 * Invariant: frames leave in the order of the calls.
 */
export class FrameWriter {
  readonly #wire: Wire;
  #buffer: Buffer | undefined;
  #length = 0;
  /** Where the flags are of a DATA frame that is last in the buffer, and its stream; 0 when another frame is last. */
  #lastDataFlags = 0;
  #lastDataStream = 0;
  readonly #atTurnEnd = () => this.flush();

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get roomy(): boolean {
    return this.#wire.roomy;
  }

  preface(text: string): void {
    const buffer = this.#room(text.length);
    this.#length += buffer.write(text, this.#length, "latin1");
  }

  headers(stream: number, block: BlockBuffer, endStream: boolean): void {
    const { bytes, length } = block;
    let type: number = FRAME.headers;
    let flags: number = endStream ? FLAG.endStream : 0;
    for (let at = 0; ; type = FRAME.continuation, flags = 0) {
      const size = Math.min(FRAME_SIZE, length - at);
      const isLast = at + size === length;
      const buffer = this.#frame(type, isLast ? flags | FLAG.endHeaders : flags, stream, size);
      copyBytes(bytes, at, at + size, { into: buffer, at: this.#length });
      this.#length += size;
      at += size;
      if (isLast) return;
    }
  }

  /** At most FRAME_SIZE bytes. */
  data(stream: number, chunk: Buffer, start: number, end: number): void {
    const buffer = this.#frame(FRAME.data, 0, stream, end - start);
    this.#lastDataFlags = this.#length - FRAME_HEAD + 4;
    this.#lastDataStream = stream;
    copyBytes(chunk, start, end, { into: buffer, at: this.#length });
    this.#length += end - start;
  }

  endStream(stream: number): void {
    if (this.#lastDataFlags > 0 && this.#lastDataStream === stream && this.#buffer) this.#buffer[this.#lastDataFlags] = FLAG.endStream;
    else this.#frame(FRAME.data, FLAG.endStream, stream, 0);
  }

  resetStream(stream: number, code: number): void {
    this.#number(this.#frame(FRAME.resetStream, 0, stream, 4), code);
  }

  windowUpdate(stream: number, by: number): void {
    this.#number(this.#frame(FRAME.windowUpdate, 0, stream, 4), by);
  }

  settings(settings: readonly (readonly [id: number, value: number])[]): void {
    const buffer = this.#frame(FRAME.settings, 0, 0, 6 * settings.length);
    for (const [id, value] of settings) {
      this.#length = buffer.writeUInt16BE(id, this.#length);
      this.#number(buffer, value);
    }
  }

  acknowledgeSettings(): void {
    this.#frame(FRAME.settings, FLAG.acknowledge, 0, 0);
  }

  acknowledgePing(bytes: Buffer, start: number): void {
    const buffer = this.#frame(FRAME.ping, FLAG.acknowledge, 0, 8);
    this.#length += bytes.copy(buffer, this.#length, start, start + 8);
  }

  goaway(lastStream: number, code: number = CODE.noError): void {
    const buffer = this.#frame(FRAME.goaway, 0, 0, 8);
    this.#number(buffer, lastStream);
    this.#number(buffer, code);
  }

  flush(): void {
    const buffer = this.#buffer;
    if (!buffer) return;
    const length = this.#length;
    this.#buffer = undefined;
    this.#length = this.#lastDataFlags = 0;
    // The wire copies what it cannot send at once.
    this.#wire.write("", buffer.subarray(0, length));
    if (spare.length < MOST_SPARE) spare.push(buffer);
  }

  #frame(type: number, flags: number, stream: number, size: number): Buffer {
    const buffer = this.#room(FRAME_HEAD + size);
    const at = this.#length;
    buffer[at] = size >> 16;
    buffer[at + 1] = size >> 8;
    buffer[at + 2] = size;
    buffer[at + 3] = type;
    buffer[at + 4] = flags;
    buffer[at + 5] = stream >>> 24;
    buffer[at + 6] = stream >> 16;
    buffer[at + 7] = stream >> 8;
    buffer[at + 8] = stream;
    this.#length = at + FRAME_HEAD;
    this.#lastDataFlags = 0;
    return buffer;
  }

  #number(buffer: Buffer, value: number): void {
    this.#length = buffer.writeUInt32BE(value, this.#length);
  }

  #room(size: number): Buffer {
    if (this.#buffer && this.#length + size > BUFFER) this.flush();
    if (this.#buffer) return this.#buffer;
    queueMicrotask(this.#atTurnEnd);
    return (this.#buffer = spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER));
  }
}
