import { latin1 } from "../../http1/bytes.ts";
import { CODE, ConnectionError } from "../codes.ts";
import { huffmanDecode } from "./huffman.ts";
import { ENTRY_OVERHEAD, STATIC_TABLE } from "./static-table.ts";

/**
 * The fields of one header block, names and values in turn. A block that has come twice, byte for byte, gives the same object while the
 * table is as it was: what was worked out from it may be kept in a WeakMap.
 */
export interface FieldList {
  readonly pairs: readonly string[];
  /** Longer than allowed; `pairs` is then cut short. */
  readonly isTooLarge: boolean;
}

export interface DecoderLimits {
  /** Of all names and values, each field with ENTRY_OVERHEAD (RFC 9113 §10.5.1). */
  listBytes: number;
  fields: number;
}

interface Kept {
  bytes: Buffer;
  list: FieldList;
  /** How often the table had been changed. */
  changes: number;
}

/** Of the table that the peer builds up in our memory; what we announce, which is also the protocol's own default. */
const TABLE_BYTES = 4096;
/** Blocks that are kept; gRPC's are some tens of bytes. */
const KEPT_BLOCK_BYTES = 160;
const PLACES = 32;
/** Four more than the prefix: enough for 2^28. */
const MAX_INTEGER_BYTES = 4;

/** HPACK's reading side (RFC 7541), one for each connection. Throws a ConnectionError for what is no HPACK: the table would be lost. */
export class HpackDecoder {
  readonly #limits: DecoderLimits;
  /** Blocks by a hash of their bytes; those that came twice. */
  readonly #kept: (Kept | undefined)[] = Array.from({ length: PLACES });
  /** The hash of what came last to each place. */
  readonly #came = new Int32Array(PLACES);
  /** The newest at the end. */
  #table: { name: string; value: string; size: number }[] = [];
  #tableBytes = 0;
  #tableLimit = TABLE_BYTES;
  /** How often the table was changed. */
  #changes = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  constructor(limits: DecoderLimits) {
    this.#limits = limits;
  }

  decode(bytes: Buffer, start: number, end: number): FieldList {
    const isShort = end - start <= KEPT_BLOCK_BYTES;
    const hash = isShort ? hashOf(bytes, start, end) : 0;
    const place = hash & (PLACES - 1);
    const kept = isShort ? this.#kept[place] : undefined;
    if (kept && kept.changes === this.#changes && isSame(kept.bytes, bytes, start, end)) return kept.list;
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    const before = this.#changes;
    const list = this.#read();
    if (!isShort || before !== this.#changes) return list;
    if (this.#came[place] === hash) this.#kept[place] = { bytes: ownBytes(bytes, start, end), list, changes: before };
    this.#came[place] = hash;
    return list;
  }

  #read(): FieldList {
    const pairs: string[] = [];
    let size = 0;
    let isTooLarge = false;
    for (let mayResize = true; this.#at < this.#end;) {
      const byte = this.#bytes[this.#at] as number;
      if ((byte & 0xe0) === 0x20) {
        if (!mayResize) throw broken("a table size in the middle of a block");
        this.#resize(this.#integer(5));
        continue;
      }
      mayResize = false;
      const [name, value] = byte >= 0x80 ? this.#indexed() : this.#literal(byte);
      size += name.length + value.length + ENTRY_OVERHEAD;
      // The rest is read all the same: it may change the table.
      isTooLarge ||= size > this.#limits.listBytes || pairs.length >= 2 * this.#limits.fields;
      if (!isTooLarge) pairs.push(name, value);
    }
    return { pairs, isTooLarge };
  }

  #indexed(): readonly [string, string] {
    return this.#entry(this.#integer(7));
  }

  #literal(byte: number): readonly [string, string] {
    const isKept = (byte & 0xc0) === 0x40;
    const index = this.#integer(isKept ? 6 : 4);
    const name = index > 0 ? this.#entry(index)[0] : this.#string();
    const value = this.#string();
    if (isKept) this.#insert(name, value);
    return [name, value];
  }

  #entry(index: number): readonly [string, string] {
    const fixed = STATIC_TABLE[index - 1];
    if (fixed) return fixed;
    const entry = index > 0 ? this.#table[this.#table.length - (index - STATIC_TABLE.length)] : undefined;
    if (!entry) throw broken("an index beyond the table");
    return [entry.name, entry.value];
  }

  #insert(name: string, value: string): void {
    this.#changes++;
    const size = name.length + value.length + ENTRY_OVERHEAD;
    this.#evict(this.#tableLimit - size);
    if (size > this.#tableLimit) return;
    this.#table.push({ name, value, size });
    this.#tableBytes += size;
  }

  #resize(limit: number): void {
    if (limit > TABLE_BYTES) throw broken("a table larger than allowed");
    this.#changes++;
    this.#tableLimit = limit;
    this.#evict(limit);
  }

  /** Until no more than so many bytes are left. */
  #evict(limit: number): void {
    let gone = 0;
    while (this.#tableBytes > limit && gone < this.#table.length) this.#tableBytes -= this.#table[gone++]?.size ?? 0;
    if (gone > 0) this.#table = this.#table.slice(gone);
  }

  /** §5.1 */
  #integer(prefix: number): number {
    const most = (1 << prefix) - 1;
    let value = (this.#bytes[this.#at++] as number) & most;
    if (value < most) return value;
    for (let shift = 0; shift < 7 * MAX_INTEGER_BYTES; shift += 7) {
      if (this.#at >= this.#end) throw broken("a number that does not end");
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw broken("a number that is too large");
  }

  /** §5.2 */
  #string(): string {
    if (this.#at >= this.#end) throw broken("a text is missing");
    const isCoded = (this.#bytes[this.#at] as number) >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    if (length > this.#end - start) throw broken("a text longer than its block");
    this.#at = start + length;
    if (!isCoded) return latin1(this.#bytes, start, this.#at);
    const text = huffmanDecode(this.#bytes, start, this.#at);
    if (text === undefined) throw broken("a text in no Huffman code");
    return text;
  }
}

function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  return hash;
}

function isSame(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let k = 0; k < known.length; k++) if (known[k] !== bytes[start + k]) return false;
  return true;
}

/** Not of the pool that small buffers share: one of them would keep all of it. */
function ownBytes(bytes: Buffer, start: number, end: number): Buffer {
  const own = Buffer.allocUnsafeSlow(end - start);
  bytes.copy(own, 0, start, end);
  return own;
}

function broken(message: string): ConnectionError {
  return new ConnectionError(CODE.compressionError, `HPACK: ${message}`);
}
