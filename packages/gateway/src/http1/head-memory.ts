import { startsWithWords, Words } from "./words.ts";

/** Kept at once; which place a head has is drawn from its length and a few of its bytes. */
const PLACES = 256;
/** Shorter ones are read as fast as they are recognised, longer ones take too much room: all together are bounded by a megabyte. */
const LEAST_BYTES = 40;
export const MOST_KEPT_BYTES = 2048;
/** A power of two. */
const SAMPLES_SHIFT = 4;
/** Offers that a place turns down, at most, after it has taken one: so that heads that differ each time cost next to nothing. */
const MOST_PATIENCE = 255;
/** The same after what it has was found: it is not given up for one that came twice. */
const LOYALTY = 7;
/** After so many on end that were not known, so many are not looked for: where each has a head of its own, looking gains nothing. */
const MOST_MISSES = 256;
const PASSED_OVER = 4096;
const END = Buffer.from("\r\n\r\n", "latin1");

interface Kept<T> {
  bytes: Buffer;
  /** The same but for the last bytes, of which there are fewer than four. */
  words: Int32Array;
  mark: number;
  meaning: T;
}

/**
 * What has been read and comes again byte for byte need not be read again: a client says the same of itself in each request, and an instance of its
 * answers. It is shared by all connections, as most clients are of few kinds.
 *
 * Invariants: what is found was kept for exactly these bytes, up to and with the empty line; whatever comes, no more is kept than the places
 * hold, and only what has come twice. Where nothing comes again it steps aside, and looks now and then whether that has changed.
 */
export class HeadMemory<T> {
  readonly #kept: (Kept<T> | undefined)[] = Array.from({ length: PLACES }, () => undefined);
  /** Of the last one that was not found, by place. */
  readonly #seen = new Int32Array(PLACES);
  /** Offers that the place turns down next, and how many it has turned down before: doubled with each that it takes in vain. */
  readonly #turnsDown = new Uint8Array(PLACES);
  readonly #patience = new Uint8Array(PLACES);
  readonly #words = new Words();
  #latest: Kept<T> | undefined;
  #mark = 0;
  #misses = 0;
  /** So many that come next. */
  #passesOver = 0;
  /** Behind the empty line of what `find` has looked for; 0 when there is none. */
  end = 0;

  /** The meaning of what begins at `start`, if it is known; `end` is then where it ends. */
  find(bytes: Buffer, start: number, end: number): T | undefined {
    if (this.#passesOver > 0) {
      this.#passesOver--;
      this.end = 0;
      return undefined;
    }
    const meaning = this.#isLatest(bytes, start, end) ? this.#latest?.meaning : this.#look(bytes, start, end);
    if (meaning !== undefined) this.#misses = 0;
    else if (++this.#misses === MOST_MISSES) {
      this.#misses = 0;
      this.#passesOver = PASSED_OVER;
    }
    return meaning;
  }

  /** Whether it is the one that was found last: told without a call into the engine. Up to its empty line it has no other. */
  #isLatest(bytes: Buffer, start: number, end: number): boolean {
    const latest = this.#latest;
    if (latest === undefined || (start & 3) !== 0 || latest.bytes.length > end - start) return false;
    if (!startsWithWords(this.#words.of(bytes), start, latest.words)) return false;
    const { length } = latest.bytes;
    for (let k = latest.words.length << 2; k < length; k++) if (latest.bytes[k] !== bytes[start + k]) return false;
    this.end = start + length;
    return true;
  }

  #look(bytes: Buffer, start: number, end: number): T | undefined {
    this.end = endOfHead(bytes, start, end);
    const length = this.end - start;
    if (length < LEAST_BYTES || length > MOST_KEPT_BYTES) {
      this.end = 0;
      return undefined;
    }
    let mark = length;
    for (let sample = 1; sample <= 1 << SAMPLES_SHIFT; sample++) {
      // The last is the last value's last byte.
      mark = (Math.imul(mark, 31) + (bytes[start + ((length * sample) >> SAMPLES_SHIFT) - 5] as number)) | 0;
    }
    this.#mark = mark;
    const place = mark & (PLACES - 1);
    const kept = this.#kept[place];
    if (kept === undefined || kept.mark !== mark || kept.bytes.length !== length) return undefined;
    if (bytes.compare(kept.bytes, 0, length, start, this.end) !== 0) return undefined;
    this.#turnsDown[place] = this.#patience[place] = LOYALTY;
    this.#latest = kept;
    return kept.meaning;
  }

  /** What the bytes that `find` has just not found mean, up to where they were found to end. Returns whether it keeps that. */
  offer(bytes: Buffer, start: number, end: number, meaning: T): boolean {
    // Something behind the head (a pipelined request, a body) that ends with an empty line, too: it must never pass as part of the head.
    if (end !== this.end) return false;
    const mark = this.#mark;
    const place = mark & (PLACES - 1);
    if (this.#seen[place] !== mark) {
      this.#seen[place] = mark;
      return false;
    }
    const turnsDown = this.#turnsDown[place] as number;
    if (turnsDown > 0) {
      this.#turnsDown[place] = turnsDown - 1;
      return false;
    }
    this.#turnsDown[place] = this.#patience[place] = Math.min(MOST_PATIENCE, 2 * (this.#patience[place] as number) + 1);
    const own = Buffer.allocUnsafeSlow(end - start);
    bytes.copy(own, 0, start, end);
    this.#kept[place] = { bytes: own, words: new Int32Array(own.buffer, 0, own.length >> 2), mark, meaning };
    return true;
  }
}

/** Behind the first empty line, or 0 when it is not there. */
function endOfHead(bytes: Buffer, start: number, end: number): number {
  // Without a body it ends with what was read. Should it end earlier, then it is no head that is known.
  if (bytes[end - 1] === 10 && bytes[end - 2] === 13 && bytes[end - 3] === 10 && bytes[end - 4] === 13) return end;
  const at = bytes.indexOf(END, start);
  return at < 0 || at + END.length > end ? 0 : at + END.length;
}
