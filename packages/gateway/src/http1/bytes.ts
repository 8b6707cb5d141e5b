/** Byte classes of RFC 9110 and 9112 as 256-entry tables: one load decides, whatever the byte. */

export const CR = 13;
export const LF = 10;
export const SPACE = 32;
export const TAB = 9;
export const COLON = 58;
export const SEMICOLON = 59;

function table(member: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (member(byte) ? 1 : 0));
}

const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const TOKEN = table((byte) => TOKEN_CHARACTERS.includes(String.fromCharCode(byte)));
/** field-vchar, obs-text, SP and HTAB: everything but controls. NUL, CR and LF inside a value are how headers get injected. */
const VALUE = table((byte) => byte === TAB || (byte >= 32 && byte !== 127));
/** Visible ASCII and obs-text; `#` is left out, as a fragment is never sent and servers disagree about it. */
const TARGET = table((byte) => byte > 32 && byte !== 127 && byte !== 35);

/** The byte at `index`; the caller has checked the bounds. */
export function at(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
export function isToken(byte: number): boolean {
  return TOKEN[byte] === 1;
}
export function isValue(byte: number): boolean {
  return VALUE[byte] === 1;
}
export function isTarget(byte: number): boolean {
  return TARGET[byte] === 1;
}

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

const TOKEN_TEXT = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// oxlint-disable-next-line no-control-regex -- controls are what it looks for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Whether text from outside HTTP (a route table, an h2 header) may stand as a header's name. */
export function isTokenText(text: string): boolean {
  return TOKEN_TEXT.test(text);
}
/** Whether text from outside HTTP may stand as a header's value: one line of Latin-1 without controls. */
export function isValueText(text: string): boolean {
  if (CONTROL.test(text)) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255) return false;
  return true;
}

/** What `toString("latin1")` calls once it has looked at its arguments, which costs as much again for a short text. */
interface Latin1Slicing {
  latin1Slice?: (start: number, end: number) => string;
}
const CAN_SLICE = typeof (Buffer.prototype as unknown as Latin1Slicing).latin1Slice === "function";

/** Header bytes as text, one character a byte. */
export const latin1: (bytes: Buffer, start: number, end: number) => string = CAN_SLICE
  ? (bytes, start, end) => (bytes as unknown as Required<Latin1Slicing>).latin1Slice(start, end)
  : (bytes, start, end) => bytes.toString("latin1", start, end);

/** Whether all of `known` is what `length` bytes from `start` on are: for short ones, for which a call into the engine takes longer. */
// oxlint-disable-next-line max-params -- an object for them would take longer than the comparison
export function equalBytes(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let k = 0; k < length; k++) if (known[k] !== bytes[start + k]) return false;
  return true;
}

/** What more than this is copied by a call into the engine, which a short copy does not repay. */
const SHORT = 96;

/** Copies `from[start, end)` to where `at` is in `into`, which has room for it. */
export function copyBytes(from: Buffer, start: number, end: number, { into, at }: { into: Buffer; at: number }): void {
  if (end - start > SHORT) from.copy(into, at, start, end);
  else for (let k = start; k < end; k++) into[at + k - start] = from[k] as number;
}

/** The same text in memory of its own, in one piece: what is cut from another keeps all of that, what is joined keeps its parts. */
export function ownText(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
