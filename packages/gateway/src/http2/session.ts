import type { Clock } from "@ebb/base";
import type { Wire, WireEvents } from "../io/wire.ts";
import { Budget } from "./budget.ts";
import { CODE, ConnectionError, FIRST_WINDOW, FLAG, FRAME, FRAME_SIZE, MAX_WINDOW, SETTING } from "./codes.ts";
import { frameSizeError, protocolError, uint32, unpad, windowError, type Frame } from "./frames.ts";
import { FrameReader } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";
import { HpackDecoder, type DecoderLimits, type FieldList } from "./hpack/decoder.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import { StreamTable } from "./stream-table.ts";
import { Http2Stream, STREAM_WINDOW, type StreamEvents, type StreamHost } from "./stream.ts";

/** What a client sends first (RFC 9113 §3.4). */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** What becomes of a connection. After `closed` nothing more comes. */
export interface SessionEvents {
  /** A request was begun; the stream's events are to be set. Of servers only. */
  request(stream: Http2Stream, list: FieldList, ended: boolean): void;
  /** Our own connection is there. Of clients only. */
  begun(): void;
  /** The peer takes no new streams. */
  goaway(): void;
  /** No stream is open any more. */
  idle(): void;
  closed(reason: string): void;
}

export interface SessionOptions {
  role: "client" | "server";
  clock: Clock;
  limits: DecoderLimits;
  events: SessionEvents;
}

/** Streams that a client may have open at once. */
const MAX_STREAMS = 250;
/** Until a server has said how many streams it takes. */
const STREAMS_AT_FIRST = 100;
/** What the peer may send on all streams before we have used it: bounds what one connection can make us keep. */
const CONNECTION_WINDOW = 1024 * 1024;
/** Answers to PINGs and SETTINGS that the peer does not read. */
const MAX_UNREAD = 1000;
const LAST_ID = MAX_WINDOW;

/**
 * One HTTP/2 connection, either side (RFC 9113): frames in, frames out, flow control of the whole connection, and the limits that keep a
 * peer from costing more than it should.
 *
 * Invariants: after a ConnectionError nothing more is read; a stream's events come in the order of its frames; a header block is always read, even
 * when its stream is not wanted, as it changes the table.
 */
export class Http2Session implements WireEvents, StreamHost {
  readonly writer: FrameWriter;
  readonly encoder = new HpackEncoder();
  sendWindow = FIRST_WINDOW;
  /** Streams that may be open at once, by the peer's word. */
  peerStreams = STREAMS_AT_FIRST;
  readonly #wire: Wire;
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #decoder: HpackDecoder;
  readonly #budget: Budget;
  readonly #reader: FrameReader;
  readonly #streams = new StreamTable();
  readonly #blocked = new Set<Http2Stream>();
  #touched: Http2Stream[] = [];
  #settled = false;
  #firstWindow = FIRST_WINDOW;
  #receiveWindow = CONNECTION_WINDOW;
  #used = 0;
  #unread = 0;
  /** The last stream that was opened, by either side. */
  #lastId: number;
  /** We have said, or heard, that no stream will be added. */
  #goingAway = false;
  #state: "open" | "ending" | "closed" = "open";
  /** Header blocks read. */
  blocks = 0;

  constructor(wire: Wire, options: SessionOptions) {
    const isServer = options.role === "server";
    this.#wire = wire;
    this.#options = options;
    this.#events = options.events;
    this.#decoder = new HpackDecoder(options.limits);
    this.#budget = new Budget(options.clock);
    this.#reader = new FrameReader(isServer ? PREFACE : "", options.limits.listBytes);
    this.#lastId = isServer ? 0 : -1;
    this.writer = new FrameWriter(wire);
    wire.events = this;
    wire.lend();
    if (isServer) this.#begin();
  }

  #isReading(): boolean {
    return this.#state === "open";
  }
  get isOpen(): boolean {
    return this.#state === "open" && !this.#goingAway && this.#lastId < LAST_ID - 2;
  }
  /** Its last byte is written; what still comes is thrown away. */
  get isEnding(): boolean {
    return this.#state !== "open";
  }
  get streams(): number {
    return this.#streams.size;
  }
  /** Whether a beginning or a header block has begun and is not whole. */
  get isMidHead(): boolean {
    return this.#state === "open" && (!this.#settled || this.#reader.isMidBlock);
  }

  /** Of clients: opens a stream; its first header block is written by the caller. */
  open(events: StreamEvents): Http2Stream {
    this.#lastId += 2;
    const stream = new Http2Stream(this.#lastId, this.#firstWindow, this);
    stream.events = events;
    this.#streams.add(stream);
    return stream;
  }

  /**
   * Of servers: the request that asked a connection of HTTP/1.1 to go on in HTTP/2 is whole, and becomes its first stream (RFC 7540 §3.2). `begin` sets
   * the stream's events. The client's beginning is still to come.
   */
  upgrade(settings: Buffer, begin: (stream: Http2Stream) => void): void {
    try {
      this.#applySettings(settings, 0, settings.length);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      return this.#fail(error);
    }
    this.#lastId = 1;
    const stream = new Http2Stream(this.#lastId, this.#firstWindow, this);
    this.#streams.add(stream);
    stream.noteEnd();
    begin(stream);
    stream.tellEnd();
    stream.events?.streamFlush();
  }

  /** No new streams; the connection ends with the last one. */
  drain(): void {
    if (this.#state !== "open") return;
    if (!this.#goingAway) this.writer.goaway(this.#options.role === "server" ? this.#lastId : 0);
    this.#goingAway = true;
    if (this.#streams.size === 0) this.end();
  }

  /** Ends the connection behind what was written; what still comes is thrown away. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.writer.flush();
    if (this.#options.role === "server") this.#wire.end();
    else this.#wire.destroy();
  }

  destroy(): void {
    this.#wire.destroy();
  }

  // ---- the wire ----

  connected(): void {
    this.writer.preface(PREFACE);
    this.#begin();
    this.#events.begun();
  }

  #begin(): void {
    const isServer = this.#options.role === "server";
    this.writer.settings([
      ...(isServer
        ? [
            [SETTING.maxConcurrentStreams, MAX_STREAMS] as const,
            [SETTING.enableConnectProtocol, 1] as const,
            [SETTING.maxHeaderListSize, this.#options.limits.listBytes] as const,
          ]
        : [[SETTING.enablePush, 0] as const]),
      [SETTING.initialWindowSize, STREAM_WINDOW],
    ]);
    this.writer.windowUpdate(0, CONNECTION_WINDOW - FIRST_WINDOW);
  }

  read(bytes: Buffer, count: number): void {
    if (this.#state !== "open") return;
    this.#reader.push(bytes, count);
    try {
      for (let frame = this.#reader.next(); frame; frame = this.#isReading() ? this.#reader.next() : undefined) this.#frame(frame);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.#fail(error);
    }
    this.#reader.keep();
    const touched = this.#touched;
    if (touched.length === 0) return;
    this.#touched = [];
    for (const stream of touched) {
      stream.touched = false;
      stream.events?.streamFlush();
    }
  }

  drained(): void {
    this.#unread = 0;
    this.#unblock();
  }

  ended(): void {
    this.#wire.destroy();
  }

  closed(reason: string): void {
    this.#state = "closed";
    for (const stream of this.#streams.all()) stream.lost(CODE.internalError, reason);
    this.#events.closed(reason);
  }

  #fail(error: ConnectionError): void {
    this.#goingAway = true;
    this.writer.goaway(this.#options.role === "server" ? this.#lastId : 0, error.code);
    for (const stream of this.#streams.all()) stream.lost(error.code, error.message);
    this.#events.goaway();
    this.end();
  }

  // ---- what streams need ----

  credit(bytes: number): void {
    this.#used += bytes;
    if (this.#used < CONNECTION_WINDOW / 2 || this.#state !== "open") return;
    this.writer.windowUpdate(0, this.#used);
    this.#receiveWindow += this.#used;
    this.#used = 0;
  }

  block(stream: Http2Stream): void {
    this.#blocked.add(stream);
  }

  touch(stream: Http2Stream): void {
    if (stream.touched) return;
    stream.touched = true;
    this.#touched.push(stream);
  }

  forget(stream: Http2Stream): void {
    this.#streams.delete(stream);
    if (this.#blocked.size > 0) this.#blocked.delete(stream);
    if (this.#streams.size > 0) return;
    if (this.#goingAway) this.end();
    this.#events.idle();
  }

  /** A client that has its streams reset, after each has begun work at an instance, costs as much as one that resets them itself (CVE-2025-8671). */
  blame(): void {
    if (this.#options.role === "client" || this.#state !== "open" || this.#budget.take()) return;
    this.#fail(new ConnectionError(CODE.enhanceYourCalm, "too many streams had to be reset"));
  }

  #unblock(): void {
    for (const stream of Array.from(this.#blocked)) {
      this.#blocked.delete(stream);
      // Behind the others, if it still waits.
      if (!stream.pump()) this.#blocked.add(stream);
    }
  }

  #charge(): void {
    if (!this.#budget.take()) throw new ConnectionError(CODE.enhanceYourCalm, "too many frames that bring nothing");
  }

  #acknowledged(): void {
    if (!this.#wire.roomy && ++this.#unread > MAX_UNREAD) throw new ConnectionError(CODE.enhanceYourCalm, "answers are not read");
  }

  // ---- frames ----

  #frame(frame: Frame): void {
    switch (frame.type) {
      case FRAME.data:
        return this.#data(frame);
      case FRAME.headers:
        return this.#headers(frame);
      case FRAME.priority:
        if (frame.stream === 0) throw protocolError("PRIORITY of no stream");
        return this.#charge();
      case FRAME.resetStream:
        return this.#resetStream(frame);
      case FRAME.settings:
        return this.#settings(frame);
      case FRAME.pushPromise:
        throw protocolError("nothing may be pushed");
      case FRAME.ping:
        return this.#ping(frame);
      case FRAME.goaway:
        return this.#goaway(frame);
      case FRAME.windowUpdate:
        return this.#windowUpdate(frame);
      default:
        return this.#charge();
    }
  }

  #data(frame: Frame): void {
    const { stream: id, flags, bytes } = frame;
    if (id === 0 || this.#isUnopened(id)) throw protocolError("DATA of no stream");
    const size = frame.to - frame.from;
    this.#receiveWindow -= size;
    if (this.#receiveWindow < 0) throw new ConnectionError(CODE.flowControlError, "more data than allowed");
    unpad(frame);
    const ended = (flags & FLAG.endStream) !== 0;
    if (frame.from === frame.to && !ended) this.#charge();
    const stream = this.#streams.get(id);
    // It was reset a moment ago, and the peer does not know yet.
    if (stream) stream.takeData(bytes.subarray(frame.from, frame.to), size, ended);
    else this.credit(size);
  }

  #headers(frame: Frame): void {
    if (frame.stream === 0) throw protocolError("HEADERS of no stream");
    unpad(frame);
    this.#block(frame.stream, frame.flags, this.#decoder.decode(frame.bytes, frame.from, frame.to));
  }

  #block(id: number, flags: number, list: FieldList): void {
    this.blocks++;
    const ended = (flags & FLAG.endStream) !== 0;
    const stream = this.#streams.get(id);
    if (stream) return stream.takeFields(list, ended);
    if (!this.#isUnopened(id)) return;
    if (this.#options.role === "client" || id % 2 === 0) throw protocolError("a stream that may not be opened");
    this.#lastId = id;
    if (this.#goingAway || this.#streams.size >= MAX_STREAMS) {
      this.#charge();
      return this.writer.resetStream(id, CODE.refusedStream);
    }
    const opened = new Http2Stream(id, this.#firstWindow, this);
    this.#streams.add(opened);
    this.touch(opened);
    // Known before anything is answered: nobody is asked to send no more of what is whole.
    if (ended) opened.noteEnd();
    this.#events.request(opened, list, ended);
    opened.tellEnd();
  }

  #resetStream({ stream: id, bytes, from, to }: Frame): void {
    if (to - from !== 4) throw frameSizeError();
    if (id === 0 || this.#isUnopened(id)) throw protocolError("RST_STREAM of no stream");
    const stream = this.#streams.get(id);
    if (this.#options.role === "server") this.#charge();
    const code = uint32(bytes, from);
    stream?.lost(code, `the stream was reset with code ${code}`);
  }

  #settings({ stream, flags, bytes, from, to }: Frame): void {
    if (stream !== 0) throw protocolError("SETTINGS of a stream");
    const isAcknowledgement = (flags & FLAG.acknowledge) !== 0;
    if (isAcknowledgement ? to > from : (to - from) % 6 !== 0) throw frameSizeError();
    if (isAcknowledgement) return;
    if (this.#settled) this.#charge();
    else if (this.#options.role === "client") this.peerStreams = Infinity;
    this.#settled = true;
    this.#applySettings(bytes, from, to);
    this.writer.acknowledgeSettings();
    this.#acknowledged();
    this.#unblock();
  }

  #applySettings(bytes: Buffer, from: number, to: number): void {
    for (let at = from; at < to; at += 6) this.#setting(((bytes[at] as number) << 8) | (bytes[at + 1] as number), uint32(bytes, at + 2));
  }

  #setting(id: number, value: number): void {
    switch (id) {
      case SETTING.headerTableSize:
        return this.encoder.limit(value);
      case SETTING.enablePush:
        if (value > 1) throw protocolError("a setting that must be 0 or 1");
        return;
      case SETTING.maxConcurrentStreams:
        this.peerStreams = value;
        return;
      case SETTING.initialWindowSize: {
        if (value > MAX_WINDOW) throw windowError();
        for (const stream of this.#streams.all()) if (!stream.widen(value - this.#firstWindow)) throw windowError();
        this.#firstWindow = value;
        return;
      }
      case SETTING.maxFrameSize:
        // We send no larger ones than everybody takes.
        if (value < FRAME_SIZE || value > 2 ** 24 - 1) throw protocolError("a frame size that is not allowed");
        return;
      default:
        return;
    }
  }

  #ping({ stream, flags, bytes, from, to }: Frame): void {
    if (stream !== 0) throw protocolError("PING of a stream");
    if (to - from !== 8) throw frameSizeError();
    if ((flags & FLAG.acknowledge) !== 0) return;
    this.writer.acknowledgePing(bytes, from);
    this.#acknowledged();
  }

  #goaway({ stream: id, bytes, from, to }: Frame): void {
    if (id !== 0) throw protocolError("GOAWAY of a stream");
    if (to - from < 8) throw frameSizeError();
    this.#goingAway = true;
    this.#events.goaway();
    const last = uint32(bytes, from) & 0x7fffffff;
    // What is above was not looked at, and may be sent elsewhere.
    if (this.#options.role === "client") {
      for (const stream of this.#streams.all()) if (stream.id > last) stream.lost(CODE.refusedStream, "the instance takes no more");
    }
    if (this.#streams.size === 0) this.end();
  }

  #windowUpdate({ stream: id, bytes, from, to }: Frame): void {
    if (to - from !== 4) throw frameSizeError();
    const by = uint32(bytes, from) & 0x7fffffff;
    if (this.#isUnopened(id)) throw protocolError("WINDOW_UPDATE of no stream");
    if (id === 0) {
      this.sendWindow += by;
      if (by === 0) throw protocolError("a window that does not open");
      if (this.sendWindow > MAX_WINDOW) throw windowError();
      return this.#unblock();
    }
    const stream = this.#streams.get(id);
    if (!stream) return;
    if (by === 0) return stream.reset(CODE.protocolError, "a window that does not open");
    if (!stream.widen(by)) return stream.reset(CODE.flowControlError, "a window wider than allowed");
    if (this.#blocked.delete(stream) && !stream.pump()) this.#blocked.add(stream);
  }

  #isUnopened(id: number): boolean {
    return id > Math.max(0, this.#lastId) || (id !== 0 && id % 2 === 0);
  }
}
