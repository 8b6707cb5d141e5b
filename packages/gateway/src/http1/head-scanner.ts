import { at, COLON, CR, isTarget, isToken, isValue, latin1, LF, SPACE, TAB } from "./bytes.ts";
import type { HeadProblem } from "./rejection.ts";
import { endOfValue, Words } from "./words.ts";

export type ScanResult = "complete" | "incomplete" | "invalid";

/** Numbers per field in `HeadScanner.fields`: start and end of the name, start and end of the value. */
const STRIDE = 4;
const MAX_METHOD = 32;

/**
 * One pass over the bytes of an HTTP/1.x head (RFC 9112 §2–5), without allocating: what it finds stays in this object, as offsets
 * into the scanned bytes, until the next scan. One scanner serves every connection, as a result is used up before the next read.
 *
 * It is strict where leniency lets two servers read one message differently: no bare LF, no folded lines, no space before the colon,
 * no control bytes.
 */
export class HeadScanner {
  readonly fields: Int32Array;
  readonly #maxFields: number;
  readonly #maxTarget: number;
  readonly #words = new Words();
  #text = "";
  #textStart = 0;
  count = 0;
  /** Just behind the empty line, once complete. */
  end = 0;
  methodStart = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  status = 0;
  reasonStart = 0;
  reasonEnd = 0;
  /** Just behind the request line. */
  fieldsStart = 0;
  /** The version's minor digit: 0 or 1. */
  minor = 1;
  problem: HeadProblem = "start-line";

  constructor(limits: { headers: number; targetBytes: number }) {
    this.#maxFields = limits.headers;
    this.#maxTarget = limits.targetBytes;
    this.fields = new Int32Array(limits.headers * STRIDE);
  }

  nameStart(field: number): number {
    return this.fields[field * STRIDE] as number;
  }
  nameEnd(field: number): number {
    return this.fields[field * STRIDE + 1] as number;
  }
  valueStart(field: number): number {
    return this.fields[field * STRIDE + 2] as number;
  }
  valueEnd(field: number): number {
    return this.fields[field * STRIDE + 3] as number;
  }
  /** Just behind the field's CRLF. */
  lineEnd(field: number): number {
    return field + 1 < this.count ? this.nameStart(field + 1) : this.end - 2;
  }

  /** Makes text of part of a head: what is wanted of it is then cut from the text, which costs a fraction of making a text of each. */
  read(bytes: Buffer, start: number, end: number): void {
    this.#textStart = start;
    this.#text = latin1(bytes, start, end);
  }

  /** The part of the head that was read between two offsets into its bytes. */
  text(start: number, end: number): string {
    return this.#text.slice(start - this.#textStart, end - this.#textStart);
  }

  scanRequestLine(bytes: Uint8Array, start: number, end: number): ScanResult {
    let i = start;
    while (i < end && isToken(at(bytes, i))) i++;
    if (i - start > MAX_METHOD) return this.#invalid("start-line");
    if (i === end) return "incomplete";
    if (i === start || at(bytes, i) !== SPACE) return this.#invalid("start-line");
    this.methodStart = start;
    this.methodEnd = i;
    this.targetStart = ++i;
    while (i < end && isTarget(at(bytes, i))) i++;
    this.targetEnd = i;
    if (i - this.targetStart > this.#maxTarget) return this.#invalid("target-too-long");
    if (i === end) return "incomplete";
    if (i === this.targetStart || at(bytes, i) !== SPACE) return this.#invalid("start-line");
    i = this.#version(bytes, i + 1, end);
    if (i <= 0) return i === 0 ? "incomplete" : "invalid";
    this.fieldsStart = i + 2;
    return this.#lineEnding(bytes, i, end);
  }

  scanResponse(bytes: Uint8Array, start: number, end: number): ScanResult {
    let i = this.#version(bytes, start, end);
    if (i <= 0) return i === 0 ? "incomplete" : "invalid";
    if (end - i < 5) return "incomplete";
    if (at(bytes, i) !== SPACE) return this.#invalid("start-line");
    let status = 0;
    for (let k = i + 1; k < i + 4; k++) {
      const digit = at(bytes, k) - 48;
      if (digit < 0 || digit > 9) return this.#invalid("start-line");
      status = status * 10 + digit;
    }
    if (status < 100) return this.#invalid("start-line");
    this.status = status;
    i += 4;
    // "HTTP/1.1 200" without a space and reason is sent by some servers, and nothing can be misread in it.
    if (at(bytes, i) === SPACE) i++;
    else if (at(bytes, i) !== CR) return this.#invalid("start-line");
    this.reasonStart = i;
    while (i < end && isValue(at(bytes, i))) i++;
    this.reasonEnd = i;
    const ending = this.#lineEnding(bytes, i, end);
    return ending === "complete" ? this.scanFields(bytes, i + 2, end) : ending;
  }

  /** Field lines up to and with the empty line; trailers are scanned from here, too. */
  scanFields(bytes: Uint8Array, start: number, end: number): ScanResult {
    this.count = 0;
    const words = this.#words.of(bytes);
    let i = start;
    for (;;) {
      if (i >= end) return "incomplete";
      if (at(bytes, i) === CR) {
        const ending = this.#lineEnding(bytes, i, end);
        if (ending === "complete") this.end = i + 2;
        return ending;
      }
      const nameStart = i;
      while (i < end && isToken(at(bytes, i))) i++;
      if (i === end) return "incomplete";
      if (i === nameStart || at(bytes, i) !== COLON) return this.#invalid(at(bytes, i) === LF ? "line-ending" : "field");
      const nameEnd = i++;
      while (i < end && isBlank(at(bytes, i))) i++;
      const valueStart = i;
      i = endOfValue(bytes, words, i, end);
      const ending = this.#lineEnding(bytes, i, end);
      if (ending !== "complete") return ending;
      let valueEnd = i;
      while (valueEnd > valueStart && isBlank(at(bytes, valueEnd - 1))) valueEnd--;
      if (this.count === this.#maxFields) return this.#invalid("too-many-fields");
      const { fields } = this;
      const entry = this.count++ * STRIDE;
      fields[entry] = nameStart;
      fields[entry + 1] = nameEnd;
      fields[entry + 2] = valueStart;
      fields[entry + 3] = valueEnd;
      i += 2;
    }
  }

  /** Reads `HTTP/1.0` or `HTTP/1.1`: the index behind it, 0 when there are too few bytes, -1 when it is something else. */
  #version(bytes: Uint8Array, start: number, end: number): number {
    for (let k = 0; k < 8; k++) {
      if (start + k >= end) return 0;
      const byte = at(bytes, start + k);
      if (k === 5 || k === 7) {
        if (byte < 48 || byte > 57) return this.#problem("start-line");
      } else if (byte !== VERSION[k]) return this.#problem("start-line");
    }
    const minor = at(bytes, start + 7) - 48;
    if (at(bytes, start + 5) !== 49 || minor > 1) return this.#problem("version");
    this.minor = minor;
    return start + 8;
  }

  #lineEnding(bytes: Uint8Array, i: number, end: number): ScanResult {
    if (i >= end) return "incomplete";
    if (at(bytes, i) !== CR) return this.#invalid(at(bytes, i) === LF ? "line-ending" : "field");
    if (i + 1 >= end) return "incomplete";
    return at(bytes, i + 1) === LF ? "complete" : this.#invalid("line-ending");
  }

  #problem(problem: HeadProblem): -1 {
    this.problem = problem;
    return -1;
  }

  #invalid(problem: HeadProblem): "invalid" {
    this.problem = problem;
    return "invalid";
  }
}

const VERSION = Buffer.from("HTTP/1.1", "latin1");

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
