import { copyBytes, ownText } from "../../http1/bytes.ts";
import { ENTRY_OVERHEAD, STATIC_NAMES, STATIC_TABLE } from "./static-table.ts";

/** What we use of the table that the peer keeps for us. */
const TABLE_BYTES = 4096;
/** A field that takes more is not worth the room of many others. */
const MOST_ENTRY = TABLE_BYTES / 4;
/** Lines seen once; the second time they go into the table. */
const MOST_SEEN = 64;
/** Texts whose bytes are kept, by their kind. */
const MOST_BLOCKS = 32;
const BLOCK_TEXT = 512;
/** Texts that came once, by their length: of those that come again the bytes are kept. */
const CAME_PLACES = 16;

/** Different in nearly every message: in the table they would push out what is not. */
const PASSING = new Set([
  "x-request-id",
  "traceparent",
  "tracestate",
  "content-length",
  "date",
  "etag",
  "last-modified",
  "age",
  "location",
]);
/** Not to be guessed from the size of what is sent (RFC 7541 §7.1.3). */
const SECRET = new Set(["authorization", "cookie", "set-cookie", "proxy-authorization"]);

/** How a field of some name is written: with its value in the table, without, or never. */
interface Name {
  text: string;
  index: number;
  pattern: typeof PATTERN.table | typeof PATTERN.literal | typeof PATTERN.never;
}
const PATTERN = { table: 0x40, literal: 0x00, never: 0x10 } as const;

const NAMES = new Map<string, Name>();
const MOST_NAMES = 1000;

function nameOf(written: string): Name {
  const known = NAMES.get(written);
  if (known) return known;
  const text = ownText(written).toLowerCase();
  const pattern = SECRET.has(text) ? PATTERN.never : PASSING.has(text) ? PATTERN.literal : PATTERN.table;
  const name = { text, index: STATIC_NAMES.get(text) ?? 0, pattern };
  if (NAMES.size >= MOST_NAMES) NAMES.clear();
  NAMES.set(ownText(written), name);
  return name;
}

const METHOD = nameOf(":method");
const PATH = nameOf(":path");
const AUTHORITY = nameOf(":authority");

const STATUS_INDEX = new Map(STATIC_TABLE.flatMap(([name, value], at) => (name === ":status" ? [[Number(value), at + 1] as const] : [])));

/** Where a header block is put together; its user takes `bytes[0, length)` at once. */
export class BlockBuffer {
  bytes = Buffer.allocUnsafeSlow(4096);
  length = 0;

  byte(value: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length++] = value;
  }

  integer(value: number, prefix: number, pattern: number): void {
    const most = (1 << prefix) - 1;
    if (value < most) return this.byte(pattern | value);
    this.byte(pattern | most);
    let rest = value - most;
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  /** Without Huffman's code: the bytes that it saves cost more than they are worth so near to the instance. */
  text(text: string): void {
    this.integer(text.length, 7, 0);
    this.#raw(text);
  }

  #raw(text: string): void {
    const { length } = text;
    if (this.length + length > this.bytes.length) this.#grow(length);
    if (length > 24) this.bytes.write(text, this.length, "latin1");
    else for (let k = 0; k < length; k++) this.bytes[this.length + k] = text.charCodeAt(k);
    this.length += length;
  }

  append(bytes: Buffer): void {
    if (this.length + bytes.length > this.bytes.length) this.#grow(bytes.length);
    copyBytes(bytes, 0, bytes.length, { into: this.bytes, at: this.length });
    this.length += bytes.length;
  }

  #grow(room: number): void {
    const grown = Buffer.allocUnsafeSlow(2 * (this.bytes.length + room));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

/** Bytes of texts that came before, good while the table is as it was. */
type Blocks = Map<string, { bytes: Buffer; inserted: number }>;

/** One for all: a block is begun, written and sent within one call, and an idle connection has none. */
const SHARED_BLOCK = new BlockBuffer();

/**
 * HPACK's writing side (RFC 7541), one for each connection. It writes HTTP/1.1's header lines: the whole line is what the table is
 * searched by, so that a line that came before costs one look-up.
 */
export class HpackEncoder {
  readonly block = SHARED_BLOCK;
  /** Numbers of the entries by their lines; the newest has `#inserted - 1`. */
  readonly #lines = new Map<string, number>();
  #entries: { line: string; size: number }[] = [];
  #bytes = 0;
  #limit = TABLE_BYTES;
  #inserted = 0;
  /** The peer must be told of a new limit at the beginning of the next block. */
  #resized = false;
  readonly #seen = new Set<string>();
  /** By the text of the lines, and by the value of the pseudo field. */
  readonly #blocks: Blocks = new Map();
  readonly #pseudos = { ":path": new Map() as Blocks, ":authority": new Map() as Blocks };
  readonly #came: string[] = [];

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limit(bytes: number): void {
    const limit = Math.min(bytes, TABLE_BYTES);
    if (limit === this.#limit) return;
    this.#limit = limit;
    this.#resized = true;
    this.#evict(limit);
    this.#forgetBlocks();
  }

  begin(): void {
    this.block.length = 0;
    if (!this.#resized) return;
    this.#resized = false;
    this.block.integer(this.#limit, 5, 0x20);
  }

  status(status: number): void {
    const index = STATUS_INDEX.get(status);
    if (index !== undefined) return this.block.byte(0x80 | index);
    this.block.byte(8);
    this.block.text(String(status));
  }

  method(method: string): void {
    if (method === "GET") return this.block.byte(0x82);
    if (method === "POST") return this.block.byte(0x83);
    this.#line(`:method: ${method}`, METHOD);
  }

  /** That of the way to an instance: http. */
  scheme(): void {
    this.block.byte(0x86);
  }

  pseudo(name: ":path" | ":authority", value: string): void {
    const blocks = this.#pseudos[name];
    const kept = blocks.get(value);
    if (kept && kept.inserted === this.#inserted) return this.block.append(kept.bytes);
    const before = this.block.length;
    const inserted = this.#inserted;
    this.#line(`${name}: ${value}`, name === ":path" ? PATH : AUTHORITY);
    // Of one that has its place in the table, or is too long for it.
    if (inserted === this.#inserted && this.block.length - before <= 2) this.#keep(blocks, value, before);
  }

  /** Header lines, each ended by CRLF. */
  lines(text: string): void {
    if (text === "") return;
    const kept = text.length <= BLOCK_TEXT ? this.#blocks.get(text) : undefined;
    if (kept && kept.inserted === this.#inserted) return this.block.append(kept.bytes);
    const before = this.block.length;
    const inserted = this.#inserted;
    this.#eachLine(text);
    if (text.length > BLOCK_TEXT || inserted !== this.#inserted) return;
    const place = text.length % CAME_PLACES;
    if (this.#came[place] === text) this.#keep(this.#blocks, text, before);
    else this.#came[place] = ownText(text);
  }

  /** The same for lines of which some differ each time: nothing is kept of them as a whole. */
  passingLines(text: string): void {
    this.#eachLine(text);
  }

  #keep(blocks: Blocks, text: string, from: number): void {
    if (blocks.size >= MOST_BLOCKS) blocks.clear();
    blocks.set(ownText(text), { bytes: Buffer.from(this.block.bytes.subarray(from, this.block.length)), inserted: this.#inserted });
  }

  #forgetBlocks(): void {
    for (const blocks of [this.#blocks, this.#pseudos[":path"], this.#pseudos[":authority"]]) if (blocks.size > 0) blocks.clear();
  }

  #eachLine(text: string): void {
    for (let start = 0; start < text.length;) {
      const end = text.indexOf("\r\n", start);
      const colon = text.indexOf(":", start);
      const name = nameOf(text.slice(start, colon));
      // What is never in the table need not be looked for there.
      if (name.pattern === PATTERN.table) this.#line(text.slice(start, end), name);
      else this.#literal(name, text.slice(colon + 1, end).trim(), name.pattern);
      start = end + 2;
    }
  }

  /** A line whose value may have its place in the table. */
  #line(line: string, name: Name): void {
    const known = this.#lines.get(line);
    if (known !== undefined) return this.block.integer(STATIC_TABLE.length + this.#inserted - known, 7, 0x80);
    const value = line.slice(name.text.length + 1).trim();
    const size = name.text.length + value.length + ENTRY_OVERHEAD;
    const isKept = size <= MOST_ENTRY && size <= this.#limit && this.#comesAgain(line);
    this.#literal(name, value, isKept ? PATTERN.table : PATTERN.literal);
    if (isKept) this.#insert(ownText(line), size);
  }

  #literal(name: Name, value: string, pattern: Name["pattern"]): void {
    this.block.integer(name.index, pattern === PATTERN.table ? 6 : 4, pattern);
    if (name.index === 0) this.block.text(name.text);
    this.block.text(value);
  }

  #comesAgain(line: string): boolean {
    if (this.#seen.delete(line)) return true;
    if (this.#seen.size >= MOST_SEEN) this.#seen.clear();
    this.#seen.add(ownText(line));
    return false;
  }

  #insert(line: string, size: number): void {
    this.#evict(this.#limit - size);
    this.#entries.push({ line, size });
    this.#bytes += size;
    this.#lines.set(line, this.#inserted++);
    this.#forgetBlocks();
  }

  #evict(limit: number): void {
    let gone = 0;
    while (this.#bytes > limit && gone < this.#entries.length) {
      const { line, size } = this.#entries[gone++] ?? { line: "", size: 0 };
      this.#bytes -= size;
      this.#lines.delete(line);
    }
    if (gone > 0) this.#entries = this.#entries.slice(gone);
  }
}
