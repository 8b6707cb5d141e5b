import { ownText } from "../../http1/bytes.ts";
import { ENTRY_OVERHEAD, STATIC_NAMES, STATIC_TABLE } from "./static-table.ts";

/** What we use of the table that the peer keeps for us. */
const TABLE_BYTES = 4096;
/** A field that takes more is not worth the room of many others. */
const MOST_ENTRY = TABLE_BYTES / 4;
/** Lines seen once; the second time they go into the table. */
const MOST_SEEN = 64;
/** Blocks whose bytes are kept. */
const MOST_BLOCKS = 32;
const BLOCK_TEXT = 512;

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
    const { length } = text;
    this.integer(length, 7, 0);
    if (this.length + length > this.bytes.length) this.#grow(length);
    if (length > 100) this.bytes.write(text, this.length, "latin1");
    else for (let k = 0; k < length; k++) this.bytes[this.length + k] = text.charCodeAt(k);
    this.length += length;
  }

  append(bytes: Buffer): void {
    if (this.length + bytes.length > this.bytes.length) this.#grow(bytes.length);
    bytes.copy(this.bytes, this.length);
    this.length += bytes.length;
  }

  #grow(room: number): void {
    const grown = Buffer.allocUnsafeSlow(2 * (this.bytes.length + room));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

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
  readonly #blocks = new Map<string, { bytes: Buffer; inserted: number }>();

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limit(bytes: number): void {
    const limit = Math.min(bytes, TABLE_BYTES);
    if (limit === this.#limit) return;
    this.#limit = limit;
    this.#resized = true;
    this.#evict(limit);
    this.#blocks.clear();
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

  /** A pseudo field: one that the static table has with its value, or one whose name it has. */
  pseudo(name: ":method" | ":path" | ":authority" | ":scheme", value: string): void {
    const at = STATIC_NAMES.get(name) ?? 0;
    for (let index = at; STATIC_TABLE[index - 1]?.[0] === name; index++) {
      if (STATIC_TABLE[index - 1]?.[1] === value) return this.block.byte(0x80 | index);
    }
    this.#line(`${name}: ${value}`, name.length);
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
    if (this.#blocks.size >= MOST_BLOCKS) this.#blocks.clear();
    this.#blocks.set(ownText(text), { bytes: Buffer.from(this.block.bytes.subarray(before, this.block.length)), inserted });
  }

  /** The same for lines of which some differ each time: nothing is kept of them as a whole. */
  passingLines(text: string): void {
    this.#eachLine(text);
  }

  #eachLine(text: string): void {
    for (let start = 0; start < text.length;) {
      const end = text.indexOf("\r\n", start);
      this.#line(text.slice(start, end), -1);
      start = end + 2;
    }
  }

  /** `nameEnd` is where the name ends, or -1 when that must be looked for. */
  #line(line: string, nameEnd: number): void {
    const known = this.#lines.get(line);
    if (known !== undefined) return this.block.integer(STATIC_TABLE.length + this.#inserted - known, 7, 0x80);
    const colon = nameEnd < 0 ? line.indexOf(":") : nameEnd;
    const name = nameOf(line.slice(0, colon));
    const value = line.slice(colon + 1).trim();
    const size = name.text.length + value.length + ENTRY_OVERHEAD;
    const isKept = name.pattern === PATTERN.table && size <= MOST_ENTRY && size <= this.#limit && this.#comesAgain(line);
    const pattern = isKept ? PATTERN.table : name.pattern === PATTERN.never ? PATTERN.never : PATTERN.literal;
    this.block.integer(name.index, isKept ? 6 : 4, pattern);
    if (name.index === 0) this.block.text(name.text);
    this.block.text(value);
    if (isKept) this.#insert(ownText(line), size);
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
    if (this.#blocks.size > 0) this.#blocks.clear();
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
