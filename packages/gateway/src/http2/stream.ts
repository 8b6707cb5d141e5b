import { CODE, FRAME_SIZE, MAX_WINDOW } from "./codes.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { FieldList } from "./hpack/decoder.ts";
import type { HpackEncoder } from "./hpack/encoder.ts";

/** What the peer does on a stream. After `streamReset` nothing more comes. */
export interface StreamEvents {
  /** A header block after the one that opened the stream: an answer, interim ones before it, trailers behind the data. */
  streamFields(list: FieldList, ended: boolean): void;
  /** Lent for the time of the call. */
  streamData(chunk: Buffer): void;
  /** After the last data; with trailers, `streamFields` came before. */
  streamEnd(): void;
  /** More may be written. */
  streamDrained(): void;
  /** Everything that one read brought has been told. */
  streamFlush(): void;
  /** The stream is gone, by the peer's will or with the connection. */
  streamReset(code: number, message: string): void;
}

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly writer: FrameWriter;
  readonly encoder: HpackEncoder;
  /** What may be sent on the whole connection. */
  sendWindow: number;
  /** So many bytes that were received have found their place. */
  credit(bytes: number): void;
  /** Tries again when there is room. */
  block(stream: Http2Stream): void;
  /** To be told `streamFlush`. */
  touch(stream: Http2Stream): void;
  forget(stream: Http2Stream): void;
  /** A stream had to be reset for what the peer did on it. */
  blame(): void;
}

/** What the peer may send on a stream before we have used it: large enough that a loopback upload is not bound by round trips. */
export const STREAM_WINDOW = 256 * 1024;

interface Ending {
  trailers: string;
  /** What the peer still sends is not wanted. */
  isFinal: boolean;
}

/** Of the many streams of which nothing ever waits: they share it, and it stays empty. */
const NOTHING: Buffer[] = [];

function own(list: Buffer[]): Buffer[] {
  return list === NOTHING ? [] : list;
}

/**
 * One stream with its flow control (RFC 9113 §5).
 *
 * Invariants: what arrives while it is paused waits here, and is bounded by its window; data and the end come in order; a stream leaves its
 * connection once, when both directions have ended or one side has reset it.
 */
export class Http2Stream {
  readonly id: number;
  events: StreamEvents | undefined;
  touched = false;
  sendWindow: number;
  readonly #host: StreamHost;
  #receiveWindow = STREAM_WINDOW;
  /** Used, and not yet given back to the peer. */
  #used = 0;
  #localEnded = false;
  #remoteEnded = false;
  #endTold = false;
  #closed = false;
  #paused = false;
  #delivering = false;
  /** Arrived while it was paused. */
  #arrived: Buffer[] = NOTHING;
  /** Waits for the peer's window. */
  #queue: Buffer[] = NOTHING;
  /** How the stream ends behind the queue. */
  #ending: Ending | undefined;

  constructor(id: number, sendWindow: number, host: StreamHost) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.#host = host;
  }

  get closed(): boolean {
    return this.#closed;
  }
  get localEnded(): boolean {
    return this.#localEnded;
  }
  get remoteEnded(): boolean {
    return this.#remoteEnded;
  }

  // ---- sending ----

  /** Writes the header block that the encoder holds. */
  writeHead(ended: boolean): void {
    const { writer, encoder } = this.#host;
    writer.headers(this.id, encoder.block, ended);
    if (ended) this.#endLocal();
  }

  /** False: hold back until `streamDrained`. */
  write(chunk: Buffer): boolean {
    if (this.#closed || this.#localEnded) return true;
    const sent = this.#queue.length > 0 ? 0 : this.#send(chunk);
    if (sent < chunk.length) (this.#queue = own(this.#queue)).push(Buffer.from(chunk.subarray(sent)));
    else if (this.#host.writer.roomy) return true;
    this.#host.block(this);
    return false;
  }

  /** Ends our direction behind what was written, with trailers (header lines) where there are any. */
  end(trailers = ""): void {
    if (this.#closed || this.#localEnded || this.#ending) return;
    if (this.#queue.length > 0) this.#ending = { trailers, isFinal: false };
    else this.#end(trailers, false);
  }

  /** The same, and what the peer still sends is not wanted (RFC 9113 §8.1). */
  finish(trailers = ""): void {
    this.events = undefined;
    if (this.#closed || this.#ending) return;
    if (this.#queue.length > 0) this.#ending = { trailers, isFinal: true };
    else this.#end(trailers, true);
  }

  #end(trailers: string, isFinal: boolean): void {
    if (!this.#localEnded) this.#writeEnd(trailers);
    this.#localEnded = true;
    if (!isFinal) return this.#settle();
    if (!this.#remoteEnded) this.#host.writer.resetStream(this.id, CODE.noError);
    this.#close();
  }

  #writeEnd(trailers: string): void {
    const { writer, encoder } = this.#host;
    if (trailers === "") return writer.endStream(this.id);
    encoder.begin();
    encoder.lines(trailers);
    writer.headers(this.id, encoder.block, true);
  }

  /** Sends what waits, as far as there is room. Returns whether it no longer waits. */
  pump(): boolean {
    while (this.#queue.length > 0 && !this.#closed) {
      if (!this.#host.writer.roomy) return false;
      const chunk = this.#queue[0] as Buffer;
      const sent = this.#send(chunk);
      if (sent < chunk.length) {
        this.#queue[0] = chunk.subarray(sent);
        return false;
      }
      this.#queue.shift();
    }
    if (this.#closed) return true;
    const ending = this.#ending;
    this.#ending = undefined;
    if (ending) this.#end(ending.trailers, ending.isFinal);
    else if (!this.#host.writer.roomy) return false;
    else this.events?.streamDrained();
    return true;
  }

  #send(chunk: Buffer): number {
    const host = this.#host;
    let at = 0;
    while (at < chunk.length) {
      const size = Math.min(FRAME_SIZE, chunk.length - at, this.sendWindow, host.sendWindow);
      if (size <= 0) break;
      host.writer.data(this.id, chunk, at, at + size);
      this.sendWindow -= size;
      host.sendWindow -= size;
      at += size;
    }
    return at;
  }

  /** The peer opens its window. False when it is too wide. */
  widen(by: number): boolean {
    this.sendWindow += by;
    return this.sendWindow <= MAX_WINDOW;
  }

  // ---- receiving ----

  takeFields(list: FieldList, ended: boolean): void {
    if (this.#remoteEnded) return this.reset(CODE.streamClosed, "headers behind the end");
    this.#host.touch(this);
    this.events?.streamFields(list, ended);
    if (ended) this.#endRemote();
  }

  /** `size` is what it counts for, with its padding. The connection's window has been charged already. */
  takeData(chunk: Buffer, size: number, ended: boolean): void {
    this.#receiveWindow -= size;
    if (this.#remoteEnded || this.#receiveWindow < 0) {
      this.#host.credit(size);
      return this.reset(this.#remoteEnded ? CODE.streamClosed : CODE.flowControlError, "more data than allowed");
    }
    this.#host.touch(this);
    this.#use(size - chunk.length);
    if (this.#paused || this.#arrived.length > 0) (this.#arrived = own(this.#arrived)).push(Buffer.from(chunk));
    else if (chunk.length > 0) this.#deliver(chunk);
    if (ended) this.#endRemote();
  }

  /** The peer has sent its last byte. */
  noteEnd(): void {
    this.#remoteEnded = true;
  }

  /** Tells of it, once everything before it was told. */
  tellEnd(): void {
    if (this.#closed || !this.#remoteEnded || this.#endTold || this.#paused || this.#arrived.length > 0) return;
    this.#endTold = true;
    this.events?.streamEnd();
    this.#settle();
  }

  #endRemote(): void {
    this.#remoteEnded = true;
    this.tellEnd();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (this.#delivering || (this.#arrived.length === 0 && this.#endTold === this.#remoteEnded)) return;
    while (!this.#paused && !this.#closed) {
      const chunk = this.#arrived.shift();
      if (!chunk) break;
      this.#deliver(chunk);
    }
    this.tellEnd();
    this.events?.streamFlush();
  }

  #deliver(chunk: Buffer): void {
    this.#delivering = true;
    this.events?.streamData(chunk);
    this.#delivering = false;
    this.#use(chunk.length);
  }

  #use(bytes: number): void {
    if (bytes === 0) return;
    this.#host.credit(bytes);
    this.#used += bytes;
    if (this.#used < STREAM_WINDOW / 2 || this.#remoteEnded || this.#closed) return;
    this.#receiveWindow += this.#used;
    this.#host.writer.windowUpdate(this.id, this.#used);
    this.#used = 0;
  }

  // ---- ends ----

  /** Breaks it off for what the peer did, telling the peer, and whoever listens. */
  reset(code: number, message: string): void {
    if (this.#closed) return;
    this.#break(code, message);
    this.#host.blame();
  }

  /** Breaks it off, telling the peer alone. */
  abandon(code: number): void {
    this.events = undefined;
    if (!this.#closed) this.#break(code, "");
  }

  #break(code: number, message: string): void {
    this.#host.writer.resetStream(this.id, code);
    this.lost(code, message);
  }

  /** The peer has reset it, or the connection is gone. */
  lost(code: number, message: string): void {
    if (this.#closed) return;
    const { events } = this;
    this.events = undefined;
    this.#close();
    events?.streamReset(code, message);
  }

  #endLocal(): void {
    this.#localEnded = true;
    this.#settle();
  }

  #settle(): void {
    if (this.#localEnded && this.#endTold && !this.#closed) this.#close();
  }

  #close(): void {
    this.#closed = true;
    let waiting = 0;
    for (const chunk of this.#arrived) waiting += chunk.length;
    this.#arrived = this.#queue = NOTHING;
    this.#ending = undefined;
    if (waiting > 0) this.#host.credit(waiting);
    this.#host.forget(this);
  }
}
