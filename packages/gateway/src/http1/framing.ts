import { Rejection } from "./rejection.ts";

/** Far above any body, and exact in a double. */
const MAX_DIGITS = 15;

const CHUNKED_OLD = new Rejection(400, "Transfer-Encoding needs HTTP/1.1");
const LENGTH_AND_CHUNKED = new Rejection(400, "Content-Length and Transfer-Encoding must not come together");
const BAD_LENGTH = new Rejection(400, "Content-Length must be one decimal number");
const BAD_ENCODING = new Rejection(400, "Transfer-Encoding must be given once");
const UNKNOWN_ENCODING = new Rejection(501, "only the transfer coding `chunked` is known here");

/**
 * Collects the headers that decide where a message's body ends, refusing every combination that another server could read otherwise
 * (request smuggling; RFC 9112 §6.3 and §11.2).
 */
export class FramingFields {
  length = -1;
  chunked = false;

  /** Null when fine. `sameAgain` allows an identical repetition, as some applications answer with. */
  addLength(value: string, sameAgain: boolean): Rejection | null {
    const length = decimal(value);
    if (length < 0) return BAD_LENGTH;
    if (this.length >= 0 && !(sameAgain && this.length === length)) return BAD_LENGTH;
    this.length = length;
    return null;
  }

  addEncoding(value: string): Rejection | null {
    if (this.chunked) return BAD_ENCODING;
    if (value.toLowerCase() !== "chunked") return /chunked.*chunked/i.test(value) ? BAD_ENCODING : UNKNOWN_ENCODING;
    this.chunked = true;
    return null;
  }

  check(minor: number): Rejection | null {
    if (!this.chunked) return null;
    if (this.length >= 0) return LENGTH_AND_CHUNKED;
    return minor === 0 ? CHUNKED_OLD : null;
  }
}

/** The number that a text of digits alone stands for; -1 when it is anything else. */
function decimal(text: string): number {
  const { length } = text;
  if (length === 0 || length > MAX_DIGITS) return -1;
  let number = 0;
  for (let k = 0; k < length; k++) {
    const digit = text.charCodeAt(k) - 48;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}
