import { assertNever } from "@ebb/base";
import { at, CR, hexDigit, isValue, LF, SEMICOLON, SPACE, TAB } from "./bytes.ts";
import type { Input } from "./input.ts";

/** 12 hexadecimal digits hold 256 TiB; leading zeros count, so that a size line is short. */
const MAX_SIZE_DIGITS = 12;
/** Over the whole message: extensions carry nothing that anyone uses, and were used to make servers read without end. */
const MAX_EXTENSION_BYTES = 16 * 1024;

type State = "size" | "size-lf" | "extension" | "data" | "data-cr" | "data-lf" | "trailers";

/**
 * The chunked transfer coding (RFC 9112 §7.1), as a machine that may stop between any two bytes.
 *
 * `next` answers `data` when `dataLength` bytes at the input's start belong to the body (the caller takes them all), `trailers` when the
 * last chunk has been read and the trailer section begins at the input's start, `more` when it needs bytes, `bad` when it is not chunked.
 */
export class ChunkDecoder {
  #state: State = "size";
  #digits = 0;
  #size = 0;
  #extensionBytes = 0;
  dataLength = 0;

  reset(): void {
    this.#state = "size";
    this.#digits = this.#size = this.#extensionBytes = 0;
  }

  next(input: Input): "data" | "trailers" | "more" | "bad" {
    const { bytes } = input;
    while (this.#state !== "trailers") {
      if (input.start === input.end) return "more";
      if (this.#state === "data") {
        this.dataLength = Math.min(this.#size, input.length);
        this.#size -= this.dataLength;
        if (this.#size === 0) this.#state = "data-cr";
        return "data";
      }
      if (!this.#byte(at(bytes, input.start))) return "bad";
      input.start++;
    }
    return "trailers";
  }

  /** Reads one byte of what surrounds the data; false when it must not be there. */
  #byte(byte: number): boolean {
    switch (this.#state) {
      case "size":
        return this.#sizeByte(byte);
      case "extension":
        if (byte === CR) this.#state = "size-lf";
        else if (!isValue(byte)) return false;
        return ++this.#extensionBytes <= MAX_EXTENSION_BYTES;
      case "size-lf":
        if (byte !== LF) return false;
        this.#state = this.#size === 0 ? "trailers" : "data";
        return true;
      case "data-cr":
        this.#state = "data-lf";
        return byte === CR;
      case "data-lf":
        this.#state = "size";
        this.#digits = this.#size = 0;
        return byte === LF;
      case "data":
      case "trailers":
        return false;
      default:
        return assertNever(this.#state);
    }
  }

  #sizeByte(byte: number): boolean {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      return ++this.#digits <= MAX_SIZE_DIGITS;
    }
    if (this.#digits === 0) return false;
    if (byte === CR) this.#state = "size-lf";
    // Blanks before the extension are bad whitespace that a recipient has to take (RFC 9112 §7.1.1).
    else if (byte === SEMICOLON || byte === SPACE || byte === TAB) this.#state = "extension";
    else return false;
    return true;
  }
}
