import { assertNever } from "@ebb/base";
import { CR, LF } from "./bytes.ts";
import { ChunkDecoder } from "./chunk-decoder.ts";
import type { HeadScanner } from "./head-scanner.ts";
import type { Framing } from "./heads.ts";
import { Input } from "./input.ts";
import { allowedInTrailer } from "./known-fields.ts";
import { HEAD_TOO_LARGE, Rejection } from "./rejection.ts";

/** What the reader found next: a head (in `head`), part of a body (in `chunk`), the end of the message (with `trailers`), or nothing yet. */
export type Step = "more" | "head" | "data" | "end" | "bad";

/** What differs between requests and answers. */
export interface Dialect<H> {
  /** One empty line before a request line is taken, as old clients send it behind a body (RFC 9112 §2.2). */
  leadingEmptyLine: boolean;
  /** The head that begins at `start`; the scanner's `end` is then where it ends. Undefined when it is not whole. */
  read(scanner: HeadScanner, bytes: Buffer, start: number, end: number): H | Rejection | undefined;
}

interface Body {
  framing: Framing;
  length: number;
}

export interface ReaderOptions<H> {
  scanner: HeadScanner;
  dialect: Dialect<H>;
  headBytes: number;
}

const BAD_CHUNK = new Rejection(400, "malformed chunked body");
const BAD_TRAILERS = new Rejection(400, "malformed trailers");
const MAX_TRAILER_BYTES = 16 * 1024;

/**
 * Reads the messages of one direction of an HTTP/1.x connection. It does no I/O and keeps no time: bytes are pushed in, steps are pulled
 * out, and whoever does not pull exerts back-pressure.
 *
 * Invariants: the steps do not depend on how the bytes were cut into pushes (cuts within a body only cut its `data`); after `bad`
 * every further step is `bad`; a message's steps are one `head`, any number of `data`, one `end`.
 */
export class MessageReader<H extends Body> {
  readonly #options: ReaderOptions<H>;
  readonly #input = new Input();
  /** Made for the first chunked body: most connections see none. */
  #chunks: ChunkDecoder | undefined;
  #state: "head" | "body" | "bad" = "head";
  #framing: Framing = "none";
  #remaining = 0;
  /** How much of the input was looked at without finding a whole head or trailer section. */
  #scanned = 0;
  #mayBeEmptyLine: boolean;
  #head: H | undefined;
  chunk: Buffer = NOTHING;
  trailers = "";
  rejection: Rejection = BAD_CHUNK;

  constructor(options: ReaderOptions<H>) {
    this.#options = options;
    this.#mayBeEmptyLine = options.dialect.leadingEmptyLine;
  }

  /** The head of the last `head` step. */
  get head(): H {
    if (!this.#head) throw new Error("no head was read yet");
    return this.#head;
  }
  /** Bytes pushed and not pulled yet. */
  get buffered(): number {
    return this.#input.length;
  }
  /** Whether part of a head has arrived. */
  get midHead(): boolean {
    return this.#state === "head" && this.#input.length > 0;
  }
  /** Whether the message at hand ends with the connection. */
  get untilClose(): boolean {
    return this.#state === "body" && this.#framing === "close";
  }

  /** Takes the first `count` bytes. */
  push(chunk: Buffer, count = chunk.length): void {
    this.#input.push(chunk, count);
  }

  /** To be called before the turn ends in which bytes were pushed: what is left of them is copied. */
  keep(): void {
    this.#input.keep();
  }

  /** From here on all bytes are one body that ends with the connection: the connection became a tunnel. */
  startTunnel(): void {
    this.#begin("close", 0);
  }

  /** Says that what was just read (an interim answer) is followed by another head of the same message. */
  expectHead(): void {
    this.#state = "head";
  }

  next(): Step {
    switch (this.#state) {
      case "head":
        return this.#readHead();
      case "body":
        return this.#readBody();
      case "bad":
        return "bad";
      default:
        return assertNever(this.#state);
    }
  }

  #readHead(): Step {
    const input = this.#input;
    if (!this.#skipEmptyLine()) return "more";
    const { headBytes, scanner, dialect } = this.#options;
    if (!this.#worthScanning(headBytes)) return "more";
    const head = dialect.read(scanner, input.bytes, input.start, Math.min(input.end, input.start + headBytes));
    if (head === undefined) {
      this.#scanned = input.length;
      return input.length >= headBytes ? this.#refuse(HEAD_TOO_LARGE) : "more";
    }
    if (head instanceof Rejection) return this.#refuse(head);
    input.start = scanner.end;
    input.release();
    this.#scanned = 0;
    this.#mayBeEmptyLine = this.#options.dialect.leadingEmptyLine;
    this.#head = head;
    this.#begin(head.framing, head.length);
    return "head";
  }

  /** False when there are too few bytes to know, or none left. */
  #skipEmptyLine(): boolean {
    const input = this.#input;
    if (this.#mayBeEmptyLine && input.bytes[input.start] === CR) {
      if (input.length < 2) return false;
      if (input.bytes[input.start + 1] === LF) input.start += 2;
      this.#mayBeEmptyLine = false;
      input.release();
    }
    return input.length > 0;
  }

  /**
   * A scan starts from the head's first byte, so a sender of single bytes must not cause one for each: we look again only when a line
   * has ended (at most once a header) or the limit is reached.
   */
  #worthScanning(limit: number): boolean {
    const { bytes, start, end, length } = this.#input;
    if (this.#scanned === 0 || length >= limit) return true;
    const newline = bytes.indexOf(LF, start + this.#scanned);
    if (newline >= 0 && newline < end) return true;
    this.#scanned = length;
    return false;
  }

  #begin(framing: Framing, length: number): void {
    this.#state = "body";
    this.#framing = framing;
    this.#remaining = length;
    this.trailers = "";
    if (framing === "chunked") this.#decoder().reset();
  }

  #readBody(): Step {
    const input = this.#input;
    switch (this.#framing) {
      case "none":
        return this.#endMessage();
      case "close":
        if (input.length === 0) return "more";
        this.chunk = input.take(input.length);
        return "data";
      case "length":
        if (this.#remaining === 0) return this.#endMessage();
        if (input.length === 0) return "more";
        this.chunk = input.take(Math.min(this.#remaining, input.length));
        this.#remaining -= this.chunk.length;
        return "data";
      case "chunked":
        return this.#readChunked();
      default:
        return assertNever(this.#framing);
    }
  }

  #decoder(): ChunkDecoder {
    return (this.#chunks ??= new ChunkDecoder());
  }

  #readChunked(): Step {
    const found = this.#decoder().next(this.#input);
    switch (found) {
      case "data":
        this.chunk = this.#input.take(this.#decoder().dataLength);
        return "data";
      case "trailers":
        return this.#readTrailers();
      case "more":
        this.#input.release();
        return "more";
      case "bad":
        return this.#refuse(BAD_CHUNK);
      default:
        return assertNever(found);
    }
  }

  #readTrailers(): Step {
    const input = this.#input;
    if (!this.#worthScanning(MAX_TRAILER_BYTES)) return "more";
    const { scanner } = this.#options;
    const result = scanner.scanFields(input.bytes, input.start, Math.min(input.end, input.start + MAX_TRAILER_BYTES));
    if (result === "incomplete" && input.length < MAX_TRAILER_BYTES) {
      this.#scanned = input.length;
      return "more";
    }
    this.#scanned = 0;
    if (result !== "complete") return this.#refuse(BAD_TRAILERS);
    scanner.read(input.bytes, input.start, scanner.end);
    let text = "";
    for (let field = 0; field < scanner.count; field++) {
      const name = scanner.text(scanner.nameStart(field), scanner.nameEnd(field)).toLowerCase();
      if (allowedInTrailer(name)) text += scanner.text(scanner.nameStart(field), scanner.lineEnd(field));
    }
    input.start = scanner.end;
    input.release();
    this.trailers = text;
    return this.#endMessage();
  }

  #endMessage(): Step {
    this.#state = "head";
    return "end";
  }

  #refuse(rejection: Rejection): Step {
    this.#state = "bad";
    this.rejection = rejection;
    this.#input.start = this.#input.end;
    this.#input.release();
    return "bad";
  }
}

const NOTHING = Buffer.alloc(0);
