import { systemClock } from "@ebb/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NOBODY, type Wire } from "../io/wire.ts";
import { CODE, FLAG, FRAME } from "./codes.ts";
import { FrameReader } from "./frame-reader.ts";
import type { Frame } from "./frames.ts";
import { Http2Session, PREFACE, type SessionEvents } from "./session.ts";
import { STREAM_WINDOW, type Http2Stream, type StreamEvents } from "./stream.ts";

/** GET http://a/ as the static table has it, with a literal authority. */
const GET = Buffer.from("828684410161", "hex");

function frame(type: number, flags: number, stream: number, content: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, content]);
}
function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
const setting = (id: number, value: number) => frame(FRAME.settings, 0, 0, Buffer.concat([Buffer.of(0, id), number(value)]));
const headers = (stream: number, flags = FLAG.endHeaders | FLAG.endStream, block = GET) => frame(FRAME.headers, flags, stream, block);
const data = (stream: number, size: number, flags = 0) => frame(FRAME.data, flags, stream, Buffer.alloc(size, "x"));
const SETTINGS = frame(FRAME.settings, 0, 0);
const OPEN = FLAG.endHeaders;

interface Sent {
  type: number;
  flags: number;
  stream: number;
  content: Buffer;
}

/** A server's side of a connection on a wire that only collects. */
class Peer implements SessionEvents {
  readonly session: Http2Session;
  readonly requests: { stream: Http2Stream; seen: string[] }[] = [];
  readonly wire: Wire & { roomy: boolean };
  ended = false;
  /** What a stream does when it begins. */
  onRequest: (stream: Http2Stream) => void = () => {};
  #sent = Buffer.alloc(0);

  constructor() {
    this.wire = {
      events: NOBODY,
      remoteAddress: "test",
      secure: false,
      roomy: true,
      writable: true,
      waits: false,
      write: (_text, bytes) => {
        if (bytes) this.#sent = Buffer.concat([this.#sent, bytes]);
        return this.wire.roomy;
      },
      pause() {},
      resume() {},
      end: () => void (this.ended = true),
      destroy: () => void (this.ended = true),
      reset() {},
      lend() {},
    };
    const limits = { listBytes: 64 * 1024, fields: 100 };
    this.session = new Http2Session(this.wire, { role: "server", clock: systemClock, limits, events: this });
    this.receive(Buffer.from(PREFACE), SETTINGS);
  }

  receive(...parts: Buffer[]): this {
    const bytes = Buffer.concat(parts);
    this.session.read(bytes, bytes.length);
    return this;
  }

  /** Frames since the last call. */
  sent(): Sent[] {
    this.session.writer.flush();
    const frames: Sent[] = [];
    for (let at = 0; at < this.#sent.length;) {
      const size = this.#sent.readUIntBE(at, 3);
      const content = this.#sent.subarray(at + 9, at + 9 + size);
      frames.push({ type: this.#sent[at + 3] ?? 0, flags: this.#sent[at + 4] ?? 0, stream: this.#sent.readUInt32BE(at + 5), content });
      at += 9 + size;
    }
    this.#sent = Buffer.alloc(0);
    return frames;
  }

  /** `goaway 1`, `reset 3 of 5` and the like. */
  get verdict(): string {
    const verdicts = this.sent().flatMap(({ type, stream, content }) => {
      if (type === FRAME.goaway) return [`goaway ${content.readUInt32BE(4)}`];
      return type === FRAME.resetStream ? [`reset ${content.readUInt32BE(0)} of ${stream}`] : [];
    });
    return verdicts.join(", ") || "fine";
  }

  request(stream: Http2Stream, _list: unknown, ended: boolean): void {
    const seen = [ended ? "request, ended" : "request"];
    this.requests.push({ stream, seen });
    const events: StreamEvents = {
      streamFields: () => void seen.push("fields"),
      streamData: (chunk) => void seen.push(`data ${chunk.length}`),
      streamEnd: () => void seen.push("end"),
      streamDrained: () => void seen.push("drained"),
      streamFlush() {},
      streamReset: (code) => void seen.push(`reset ${code}`),
    };
    stream.events = events;
    this.onRequest(stream);
  }
  begun(): void {}
  goaway(): void {}
  idle(): void {}
  closed(): void {}
}

const many = (count: number, make: (index: number) => Buffer) => Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
const A = CODE;

describe("what a peer must not do, and what becomes of it (RFC 9113; numbers are the codes of §7)", () => {
  test.each<[sentence: string, frames: Buffer[], verdict: string]>([
    ["a frame larger than allowed", [frame(FRAME.ping, 0, 0, Buffer.alloc(16_385))], `goaway ${A.frameSizeError}`],
    ["DATA of stream 0", [data(0, 1)], `goaway ${A.protocolError}`],
    ["DATA of a stream that was never opened", [data(1, 1)], `goaway ${A.protocolError}`],
    ["HEADERS of stream 0", [headers(0)], `goaway ${A.protocolError}`],
    ["HEADERS of an even stream", [headers(2)], `goaway ${A.protocolError}`],
    ["HEADERS of a stream below one that was opened", [headers(5), headers(3)], "fine"],
    [
      "padding beyond the frame",
      [frame(FRAME.data, FLAG.padded, 1, Buffer.of(9, 0))].map((bytes) => Buffer.concat([headers(1, OPEN), bytes])),
      `goaway ${A.protocolError}`,
    ],
    ["padded, without room for its length", [headers(1, OPEN), frame(FRAME.data, FLAG.padded, 1)], `goaway ${A.frameSizeError}`],
    ["PRIORITY of stream 0", [frame(FRAME.priority, 0, 0, Buffer.alloc(5))], `goaway ${A.protocolError}`],
    ["RST_STREAM of a stream that was never opened", [frame(FRAME.resetStream, 0, 1, number(8))], `goaway ${A.protocolError}`],
    ["RST_STREAM of another size", [headers(1), frame(FRAME.resetStream, 0, 1, Buffer.alloc(3))], `goaway ${A.frameSizeError}`],
    ["SETTINGS of a stream", [frame(FRAME.settings, 0, 1)], `goaway ${A.protocolError}`],
    ["SETTINGS of another size", [frame(FRAME.settings, 0, 0, Buffer.alloc(5))], `goaway ${A.frameSizeError}`],
    ["an acknowledgement that says something", [frame(FRAME.settings, FLAG.acknowledge, 0, Buffer.alloc(6))], `goaway ${A.frameSizeError}`],
    ["a window in SETTINGS that is too wide", [setting(4, 2 ** 31)], `goaway ${A.flowControlError}`],
    ["a frame size in SETTINGS that is too small", [setting(5, 16_383)], `goaway ${A.protocolError}`],
    ["ENABLE_PUSH that is neither", [setting(2, 2)], `goaway ${A.protocolError}`],
    ["PUSH_PROMISE", [frame(FRAME.pushPromise, OPEN, 1, number(2))], `goaway ${A.protocolError}`],
    ["PING of a stream", [frame(FRAME.ping, 0, 1, Buffer.alloc(8))], `goaway ${A.protocolError}`],
    ["PING of another size", [frame(FRAME.ping, 0, 0, Buffer.alloc(7))], `goaway ${A.frameSizeError}`],
    ["GOAWAY of a stream", [frame(FRAME.goaway, 0, 1, Buffer.alloc(8))], `goaway ${A.protocolError}`],
    ["a window that opens by nothing", [frame(FRAME.windowUpdate, 0, 0, number(0))], `goaway ${A.protocolError}`],
    [
      "a window of a stream that opens by nothing",
      [headers(1), frame(FRAME.windowUpdate, 0, 1, number(0))],
      `reset ${A.protocolError} of 1`,
    ],
    ["a window that opens too wide", [frame(FRAME.windowUpdate, 0, 0, number(2 ** 31 - 1))], `goaway ${A.flowControlError}`],
    [
      "a window of a stream that opens too wide",
      [headers(1), frame(FRAME.windowUpdate, 0, 1, number(2 ** 31 - 1))],
      `reset ${A.flowControlError} of 1`,
    ],
    ["CONTINUATION of nothing", [frame(FRAME.continuation, OPEN, 1)], `goaway ${A.protocolError}`],
    ["a header block that is interrupted", [headers(1, 0), SETTINGS], `goaway ${A.protocolError}`],
    ["a header block that goes on in another stream", [headers(1, 0), frame(FRAME.continuation, OPEN, 3)], `goaway ${A.protocolError}`],
    ["CONTINUATION without end", [headers(1, 0), many(20, () => frame(FRAME.continuation, 0, 1))], `goaway ${A.enhanceYourCalm}`],
    [
      "a header block without end",
      [headers(1, 0), many(5, () => frame(FRAME.continuation, 0, 1, Buffer.alloc(16_000, 0x82)))],
      `goaway ${A.enhanceYourCalm}`,
    ],
    ["what is no HPACK", [headers(1, OPEN, Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff))], `goaway ${A.compressionError}`],
    ["DATA behind the end", [headers(1), data(1, 1)], `reset ${A.streamClosed} of 1`],
    ["HEADERS behind the end", [headers(1), headers(1)], `reset ${A.streamClosed} of 1`],
    ["more data than a stream's window", [headers(1, OPEN), many(17, () => data(1, 16_384))], "fine"],
    ["more streams than allowed", [many(251, (index) => headers(2 * index + 1))], `reset ${A.refusedStream} of 501`],
    [
      "streams that are opened and reset again and again",
      [many(1100, (index) => Buffer.concat([headers(2 * index + 1), frame(FRAME.resetStream, 0, 2 * index + 1, number(8))]))],
      `goaway ${A.enhanceYourCalm}`,
    ],
    ["DATA without data", [headers(1, OPEN), many(1100, () => data(1, 0))], `goaway ${A.enhanceYourCalm}`],
    ["SETTINGS again and again", [many(1100, () => SETTINGS)], `goaway ${A.enhanceYourCalm}`],
    ["PRIORITY again and again", [many(1100, () => frame(FRAME.priority, 0, 1, Buffer.alloc(5)))], `goaway ${A.enhanceYourCalm}`],
    ["frames that nobody knows, a few", [many(9, () => frame(99, 255, 7, Buffer.alloc(9)))], "fine"],
    [
      "padding and priority",
      [frame(FRAME.headers, OPEN | FLAG.padded | FLAG.priority, 1, Buffer.concat([Buffer.of(2), Buffer.alloc(5), GET, Buffer.alloc(2)]))],
      "fine",
    ],
  ])("%s", (_sentence, frames, verdict) => {
    const peer = new Peer();
    peer.sent();
    peer.receive(...frames);
    expect(peer.verdict).toBe(verdict);
    expect(peer.ended).toBe(verdict.startsWith("goaway"));
  });

  test("streams that we have to reset again and again, for what is done on them (CVE-2025-8671)", () => {
    for (const wrong of [
      (id: number) => frame(FRAME.windowUpdate, 0, id, number(0)),
      (id: number) => frame(FRAME.windowUpdate, 0, id, number(2 ** 31 - 1)),
      (id: number) => headers(id),
      (id: number) => data(id, 1),
    ]) {
      const peer = new Peer();
      for (let index = 0; index < 1100; index++) peer.receive(headers(2 * index + 1), wrong(2 * index + 1));
      expect(peer.requests.length).toBeLessThan(1100);
      expect(peer.verdict).toMatch(new RegExp(`goaway ${A.enhanceYourCalm}$`));
    }
  });

  test("PINGs whose answers are not read", () => {
    const peer = new Peer();
    peer.wire.roomy = false;
    peer.receive(many(1100, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))));
    expect(peer.verdict).toBe(`goaway ${A.enhanceYourCalm}`);
  });

  test("another beginning", () => {
    for (const first of ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", `${PREFACE}${frame(FRAME.ping, 0, 0, Buffer.alloc(8)).toString("latin1")}`]) {
      const reader = new FrameReader(PREFACE, 1000);
      reader.push(Buffer.from(first, "latin1"), first.length);
      expect(() => reader.next()).toThrow(/preface|SETTINGS/);
    }
  });
});

describe("flow control", () => {
  test("no more is sent than the stream's and the connection's windows allow, and all of it once they open", () => {
    const peer = new Peer();
    peer.receive(setting(4, 1000), headers(1));
    peer.sent();
    const stream = peer.requests[0]?.stream;
    expect(stream?.write(Buffer.alloc(100_000))).toBe(false);
    const sizes = () =>
      peer
        .sent()
        .filter(({ type }) => type === FRAME.data)
        .map(({ content, flags }) => content.length + flags / 10);
    expect(sizes()).toEqual([1000]);
    stream?.end();
    peer.receive(frame(FRAME.windowUpdate, 0, 1, number(90_000)));
    expect(sizes().reduce((sum, size) => sum + size, 0)).toBe(64_535);
    peer.receive(frame(FRAME.windowUpdate, 0, 0, number(90_000)), frame(FRAME.windowUpdate, 0, 1, number(90_000)));
    expect(sizes().reduce((sum, size) => sum + size, 0)).toBeCloseTo(100_000 - 65_535 + 0.1);
  });

  test("a window that SETTINGS narrow may be below nothing for a time", () => {
    const peer = new Peer();
    peer.receive(headers(1));
    const stream = peer.requests[0]?.stream;
    expect(stream?.write(Buffer.alloc(60_000))).toBe(true);
    peer.receive(setting(4, 10_000), frame(FRAME.windowUpdate, 0, 1, number(49_000)));
    peer.sent();
    expect(stream?.write(Buffer.alloc(10))).toBe(false);
    expect(peer.sent()).toEqual([]);
    peer.receive(frame(FRAME.windowUpdate, 0, 1, number(5000)));
    expect(peer.sent().map(({ content }) => content.length)).toEqual([10]);
  });

  test("a stream that is paused keeps its data, and its window stays closed; another goes on", () => {
    const peer = new Peer();
    peer.receive(headers(1, OPEN), headers(3, OPEN));
    const [slow, quick] = peer.requests;
    slow?.stream.pause();
    const updates = () =>
      peer
        .sent()
        .filter(({ type }) => type === FRAME.windowUpdate)
        .map(({ stream }) => stream);
    updates();
    for (let sent = 0; sent < STREAM_WINDOW; sent += 16_384) peer.receive(data(1, 16_384));
    expect([slow?.seen, updates()]).toEqual([["request"], []]);
    for (let sent = 0; sent < STREAM_WINDOW; sent += 16_384) peer.receive(data(3, 16_384));
    expect([quick?.seen.length, updates()]).toEqual([17, [3, 3]]);
    slow?.stream.resume();
    expect(slow?.seen.length).toBe(17);
    expect(updates()).toContain(1);
    slow?.stream.pause();
    for (let sent = 0; sent <= STREAM_WINDOW; sent += 16_384) peer.receive(data(1, 16_384));
    expect(peer.verdict).toBe(`reset ${A.flowControlError} of 1`);
  });

  test("what a reset stream kept is given back to the connection", () => {
    const peer = new Peer();
    for (let round = 0; round < 50; round++) {
      const id = 2 * round + 1;
      peer.receive(headers(id, OPEN));
      peer.requests.at(-1)?.stream.pause();
      for (let sent = 0; sent < STREAM_WINDOW; sent += 16_384) peer.receive(data(id, 16_384));
      peer.receive(frame(FRAME.resetStream, 0, id, number(8)));
    }
    expect(peer.verdict).toBe("fine");
  });
});

describe("the life of a stream", () => {
  test("the end goes with the last data, and an answer before the whole request asks for no more of it", () => {
    const peer = new Peer();
    peer.onRequest = (stream) => {
      stream.write(Buffer.from("hi"));
      stream.finish();
    };
    peer.receive(headers(1));
    expect(
      peer
        .sent()
        .filter(({ stream }) => stream === 1)
        .map(({ type, flags }) => [type, flags]),
    ).toEqual([[FRAME.data, FLAG.endStream]]);
    peer.receive(headers(3, OPEN), data(3, 5));
    expect(peer.verdict).toBe(`reset ${A.noError} of 3`);
    expect(peer.session.streams).toBe(0);
  });

  test("drain lets streams finish, refuses new ones, then ends", () => {
    const peer = new Peer();
    peer.receive(headers(1));
    peer.session.drain();
    peer.receive(headers(3));
    expect(peer.verdict).toBe(`goaway 0, reset ${A.refusedStream} of 3`);
    expect(peer.ended).toBe(false);
    peer.requests[0]?.stream.finish();
    expect(peer.ended).toBe(true);
  });
});

const anyFrame = fc.oneof(
  fc.constantFrom(
    SETTINGS,
    headers(1, OPEN),
    headers(3),
    data(1, 50),
    data(1, 3, FLAG.endStream),
    frame(FRAME.ping, 0, 0, Buffer.alloc(8)),
    headers(5, 0),
  ),
  fc
    .record({ type: fc.nat(11), flags: fc.nat(255), stream: fc.nat(9), content: fc.uint8Array({ maxLength: 30 }) })
    .map(({ type, flags, stream, content }) => frame(type, flags, stream, Buffer.from(content))),
);
const anyFrames = fc.array(anyFrame, { maxLength: 30 }).map((frames) => Buffer.concat([Buffer.from(PREFACE), SETTINGS, ...frames]));

test("property: frames do not depend on how the bytes were cut", () => {
  const read = (bytes: Buffer, cuts: readonly number[]): string[] => {
    const reader = new FrameReader(PREFACE, 1000);
    const found: string[] = [];
    try {
      for (const [from, to] of pieces(bytes.length, cuts)) {
        // Lent memory: what is read later must not look at it.
        const lent = Buffer.from(bytes.subarray(from, to));
        reader.push(lent, lent.length);
        for (let next = reader.next(); next; next = reader.next()) note(found, next);
        reader.keep();
        lent.fill(0xee);
      }
    } catch (error) {
      found.push(String(error));
    }
    return found;
  };
  fc.assert(
    fc.property(anyFrames, fc.array(fc.nat(400), { maxLength: 8 }), (bytes, cuts) => {
      expect(read(bytes, cuts)).toEqual(read(bytes, []));
    }),
  );
});

/** Pieces of one DATA frame are taken as one. */
function note(found: string[], { type, flags, stream, bytes, from, to }: Frame): void {
  const content = bytes.toString("hex", from, to);
  const last = found.at(-1) ?? "";
  const open = `${FRAME.data} ? ${stream} `;
  const joined = last.startsWith(open) ? last.slice(open.length) + content : content;
  if (last.startsWith(open)) found.pop();
  found.push(type === FRAME.data && flags === 0 ? open + joined : `${type} ${flags} ${stream} ${type === FRAME.data ? joined : content}`);
}

function pieces(length: number, cuts: readonly number[]): [number, number][] {
  const at = [0, ...cuts.filter((cut) => cut < length).toSorted((a, b) => a - b), length];
  return at.slice(1).map((end, index) => [at[index] ?? 0, end]);
}

test("property: whatever comes, a session throws nothing, and is open or at its end", () => {
  fc.assert(
    fc.property(anyFrames, (bytes) => {
      const peer = new Peer();
      peer.onRequest = (stream) => (stream.id === 3 ? stream.finish() : undefined);
      peer.receive(bytes.subarray(PREFACE.length));
      expect(peer.ended).toBe(peer.verdict.includes("goaway") || peer.session.isEnding);
    }),
  );
});
