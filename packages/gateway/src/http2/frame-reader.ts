import { Input } from "../http1/input.ts";
import { CODE, ConnectionError, FLAG, FRAME, FRAME_HEAD, FRAME_SIZE } from "./codes.ts";
import { frameSize, protocolError, readFrame, unpad, type Frame } from "./frames.ts";

/** Of the frames that one header block is cut into; each holds up to 16 KiB. */
const MAX_CONTINUATIONS = 16;

/** A header block that is not whole yet. */
interface Partial {
  stream: number;
  flags: number;
  pieces: Buffer[];
  bytes: number;
}

/**
 * Cuts what a peer sends into frames: bytes are pushed in, frames are pulled out. It does no I/O. A header block comes as one HEADERS frame,
 * however it was cut; a DATA frame that is not whole comes in pieces, the last one with its flags, so that it need not be copied.
 *
 * Invariant: the frames do not depend on how the bytes were cut into pushes, but for the pieces of DATA. Throws a ConnectionError for what is no HTTP/2.
 */
export class FrameReader {
  readonly #input = new Input();
  readonly #maxBlock: number;
  /** Of what comes first, not seen yet. */
  #preface: string;
  #isFirst = true;
  #partial: Partial | undefined;
  readonly #frame: Frame = { type: 0, flags: 0, stream: 0, bytes: Buffer.alloc(0), from: 0, to: 0 };
  /** The DATA frame whose pieces are being read, and how much of it is to come. */
  #dataFlags = 0;
  #dataStream = 0;
  #dataLeft = 0;

  constructor(preface: string, maxBlock: number) {
    this.#preface = preface;
    this.#maxBlock = maxBlock;
  }

  /** Whether a header block has begun and is not whole. */
  get isMidBlock(): boolean {
    return this.#partial !== undefined;
  }

  push(bytes: Buffer, count: number): void {
    this.#input.push(bytes, count);
  }

  /** To be called before the turn ends in which bytes were pushed: what is left of them is copied. */
  keep(): void {
    this.#input.keep();
  }

  /** Its bytes are lent until the next call. Undefined when there is none yet. */
  next(): Frame | undefined {
    for (;;) {
      if (this.#preface !== "" && !this.#readPreface()) return undefined;
      const frame = this.#dataLeft > 0 ? this.#nextPiece() : this.#nextFrame();
      if (frame?.type !== FRAME.continuation && (frame?.type !== FRAME.headers || (frame.flags & FLAG.endHeaders) !== 0)) return frame;
      const whole = frame.type === FRAME.headers ? this.#beginBlock(frame) : this.#addToBlock(frame);
      if (whole) return whole;
    }
  }

  #readPreface(): boolean {
    const input = this.#input;
    const count = Math.min(this.#preface.length, input.length);
    if (count === 0) return false;
    if (input.take(count).toString("latin1") !== this.#preface.slice(0, count)) throw protocolError("not the preface");
    this.#preface = this.#preface.slice(count);
    return this.#preface === "";
  }

  #nextFrame(): Frame | undefined {
    const input = this.#input;
    input.release();
    if (input.length < FRAME_HEAD) return undefined;
    const size = frameSize(input.bytes, input.start);
    if (size > FRAME_SIZE) throw new ConnectionError(CODE.frameSizeError, "a frame larger than allowed");
    const frame = this.#frame;
    readFrame(frame, input.bytes, input.start);
    if (this.#isFirst && frame.type !== FRAME.settings) throw protocolError("the first frame must be SETTINGS");
    const partial = this.#partial;
    if (partial ? frame.type !== FRAME.continuation || frame.stream !== partial.stream : frame.type === FRAME.continuation) {
      throw protocolError("a header block was interrupted, or goes on where there is none");
    }
    if (input.length >= FRAME_HEAD + size) {
      input.start = frame.to;
      this.#isFirst = false;
      return frame;
    }
    if (frame.type !== FRAME.data || (frame.flags & FLAG.padded) !== 0 || input.length === FRAME_HEAD) return undefined;
    input.start = frame.from;
    this.#dataFlags = frame.flags;
    this.#dataStream = frame.stream;
    this.#dataLeft = size;
    return this.#nextPiece();
  }

  #nextPiece(): Frame | undefined {
    const input = this.#input;
    input.release();
    const size = Math.min(this.#dataLeft, input.length);
    if (size === 0) return undefined;
    this.#dataLeft -= size;
    const from = input.start;
    input.start += size;
    return this.#fill({
      type: FRAME.data,
      flags: this.#dataLeft === 0 ? this.#dataFlags : 0,
      stream: this.#dataStream,
      bytes: input.bytes,
      from,
      to: from + size,
    });
  }

  #beginBlock(frame: Frame): undefined {
    unpad(frame);
    const { from, to } = frame;
    this.#partial = { stream: frame.stream, flags: frame.flags, pieces: [Buffer.from(frame.bytes.subarray(from, to))], bytes: to - from };
  }

  #addToBlock({ stream, flags, bytes, from, to }: Frame): Frame | undefined {
    const partial = this.#partial;
    if (!partial) return undefined;
    partial.pieces.push(Buffer.from(bytes.subarray(from, to)));
    partial.bytes += to - from;
    if (partial.pieces.length > MAX_CONTINUATIONS || partial.bytes > this.#maxBlock) {
      throw new ConnectionError(CODE.enhanceYourCalm, "a header block that is too long");
    }
    if ((flags & FLAG.endHeaders) === 0) return undefined;
    this.#partial = undefined;
    const whole = (partial.flags & FLAG.endStream) | FLAG.endHeaders;
    return this.#fill({ type: FRAME.headers, flags: whole, stream, bytes: Buffer.concat(partial.pieces), from: 0, to: partial.bytes });
  }

  #fill(frame: Frame): Frame {
    return Object.assign(this.#frame, frame);
  }
}
