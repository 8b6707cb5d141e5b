import { at, isValue } from "./bytes.ts";

/** Four bytes as one number, of memory that begins where a word may. The order of the bytes does not matter here. */
export class Words {
  #bytes: Uint8Array = NOTHING;
  #words: Int32Array = NO_WORDS;

  /** Of nearly always the same memory: that which connections read into. */
  of(bytes: Uint8Array): Int32Array {
    if (bytes === this.#bytes) return this.#words;
    this.#bytes = bytes;
    // What does not begin at a word is read byte by byte: a small piece of a pool, in tests and fuzzers.
    this.#words = bytes.byteOffset % 4 === 0 ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) : NO_WORDS;
    return this.#words;
  }
}

const NOTHING = new Uint8Array(0);
const NO_WORDS = new Int32Array(0);

/**
 * The index of the first byte from `start` on that no field's value has (see isValue), or `end`. Values are most of a head: four bytes are
 * looked at as one.
 */
// oxlint-disable-next-line max-params -- the hot loop of the gateway: an object would be the price
export function endOfValue(bytes: Uint8Array, words: Int32Array, start: number, end: number): number {
  let i = start;
  for (;;) {
    // Up to where a word begins; behind a word that is not plain, that whole word.
    do {
      if (i >= end || !isValue(at(bytes, i))) return i;
      i++;
    } while ((i & 3) !== 0);
    const last = Math.min(end - 3, words.length << 2);
    while (i < last && isPlain(words[i >> 2] as number)) i += 4;
  }
}

/**
 * Whether none of four bytes is below 32 or is 127. Subtracting borrows from the highest bit of the lowest byte that is too small, if one is; bytes
 * above 127 have that bit already, and are let through.
 */
function isPlain(word: number): boolean {
  const small = (word - 0x20202020) & ~word;
  const deleted = word ^ 0x7f7f7f7f;
  return ((small | ((deleted - 0x01010101) & ~deleted)) & 0x80808080) === 0;
}

/** Whether `words`, of memory that is read as words too, are what is there from the byte `start` on, at which a word begins. */
export function startsWithWords(memory: Int32Array, start: number, words: Int32Array): boolean {
  const first = start >> 2;
  if (first + words.length > memory.length) return false;
  // From the end, where what differs mostly does.
  for (let k = words.length - 1; k >= 0; k--) if (words[k] !== memory[first + k]) return false;
  return true;
}
