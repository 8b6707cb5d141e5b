import type { LogLine } from "../port.ts";

/**
 * A record of the log is `<epoch ms> <mark> <bytes>\n`. The mark is the stream (`o`, `e`); in upper case the line goes on in the next
 * record of its stream. So what was read can be written at once, also half a line, and a kill -9 of Ebb loses nothing of it.
 */
const NEWLINE = 0x0a;
const SPACE = 0x20;

/** A longer line is split, so that neither a record nor a reader's memory depends on what an application prints. */
export const LONGEST_LINE = 64 * 1024;

type Stream = LogLine["stream"];

const MARKS = { stdout: { whole: "o", part: "O" }, stderr: { whole: "e", part: "E" } } as const;

/** Turns what is read from one stream of an instance into records; remembers only how long the line under way is. */
export class RecordWriter {
  readonly #stream: Stream;
  #length = 0;
  /** The line was cut at its greatest length: a newline that follows at once ends it and is no empty line. */
  #cut = false;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** The records for `chunk`, which is not kept. */
  records(chunk: Buffer, now: number): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0; at < chunk.length;) {
      const newline = chunk.indexOf(NEWLINE, at);
      const end = newline < 0 ? chunk.length : newline;
      at += this.#line(parts, chunk.subarray(at, end), now, newline >= 0);
      if (newline >= 0 && at === newline) at = newline + 1;
    }
    return Buffer.concat(parts);
  }

  /** Ends a line that has no newline, when its instance has ended. */
  finish(now: number): Buffer {
    return this.#length === 0 ? Buffer.alloc(0) : this.records(Buffer.from("\n"), now);
  }

  /** Writes as much of `text` as fits into the line; returns how much that was. */
  #line(parts: Buffer[], text: Buffer, now: number, complete: boolean): number {
    const endsCut = this.#cut && complete && text.length === 0;
    this.#cut = false;
    if (endsCut) return 0;
    const room = LONGEST_LINE - this.#length;
    const fits = complete ? text.length <= room : text.length < room;
    const length = fits ? text.length : characterBoundary(text, room);
    const whole = complete || !fits;
    const mark = MARKS[this.#stream][whole ? "whole" : "part"];
    parts.push(Buffer.from(`${now} ${mark} `), Buffer.from(text.subarray(0, length)), Buffer.of(NEWLINE));
    this.#length = whole ? 0 : this.#length + length;
    this.#cut = !fits;
    return length;
  }
}

/** The longest cut of at most `room` bytes that does not go through a UTF-8 character. */
function characterBoundary(text: Buffer, room: number): number {
  for (let at = room; at > room - 4 && at > 0; at--) if (((text[at] ?? 0) & 0xc0) !== 0x80) return at;
  return room;
}

/** Puts records together to lines again; bytes that are not UTF-8 become U+FFFD. */
export class RecordReader {
  #rest: Buffer = Buffer.alloc(0);
  readonly #open: Record<Stream, { time: number; parts: Buffer[]; length: number } | undefined> = { stdout: undefined, stderr: undefined };

  lines(chunk: Buffer): LogLine[] {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: LogLine[] = [];
    let at = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, at)) {
      const line = this.#record(data.subarray(at, end));
      if (line) lines.push(line);
      at = end + 1;
    }
    this.#rest = Buffer.from(data.subarray(at));
    return lines;
  }

  /** Lines begun but not ended, for a reader that does not wait for their end. */
  rest(): LogLine[] {
    return (["stdout", "stderr"] as const).flatMap((stream) => this.#close(stream) ?? []);
  }

  #record(record: Buffer): LogLine | undefined {
    const first = record.indexOf(SPACE);
    const mark = String.fromCharCode(record[first + 1] ?? 0);
    const time = Number(record.toString("latin1", 0, Math.max(first, 0)));
    if (first <= 0 || !Number.isFinite(time) || !"oOeE".includes(mark) || record[first + 2] !== SPACE) return undefined;
    const stream: Stream = mark === "o" || mark === "O" ? "stdout" : "stderr";
    const open = (this.#open[stream] ??= { time, parts: [], length: 0 });
    const text = Buffer.from(record.subarray(first + 3));
    open.parts.push(text);
    open.length += text.length;
    const whole = mark === "o" || mark === "e" || open.length >= LONGEST_LINE;
    return whole ? this.#close(stream) : undefined;
  }

  #close(stream: Stream): LogLine | undefined {
    const open = this.#open[stream];
    if (!open) return undefined;
    this.#open[stream] = undefined;
    return { time: open.time, stream, text: Buffer.concat(open.parts).toString("utf8") };
  }
}
