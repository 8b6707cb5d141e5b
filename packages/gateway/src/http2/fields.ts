import { isValueText } from "../http1/bytes.ts";
import { allowedInTrailer } from "../http1/known-fields.ts";
import type { FieldList } from "./hpack/decoder.ts";
import { areTrailers } from "./field-rules.ts";

/** Raw HTTP/2 headers (names and values in turn) without the pseudo ones. Undefined when a value could not stand in a header line. */
export function plainPairs(raw: readonly string[]): [name: string, value: string][] | undefined {
  const pairs: [string, string][] = [];
  const cookies: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const value = raw[i + 1] ?? "";
    if (name.startsWith(":")) continue;
    if (!isValueText(value)) return undefined;
    // Split for compression only; over HTTP/1.1 there is one Cookie (RFC 9113 §8.2.3).
    if (name === "cookie") cookies.push(value);
    else pairs.push([name, value]);
  }
  if (cookies.length > 0) pairs.push(["cookie", cookies.join("; ")]);
  return pairs;
}

export function toLines(pairs: readonly (readonly [string, string])[]): string {
  let text = "";
  for (const [name, value] of pairs) text += `${name}: ${value}\r\n`;
  return text;
}

/** By list, as the same one comes again and again. */
const known = new WeakMap<FieldList, string>();

/** Trailers as header lines, without those that must not come behind a body. Undefined when they are malformed. */
export function trailerLines(list: FieldList): string | undefined {
  const before = known.get(list);
  if (before !== undefined) return before;
  const lines = readTrailers(list);
  if (lines !== undefined) known.set(list, lines);
  return lines;
}

function readTrailers(list: FieldList): string | undefined {
  const pairs = !list.isTooLarge && areTrailers(list) ? plainPairs(list.pairs) : undefined;
  return pairs && toLines(pairs.filter(([name]) => allowedInTrailer(name)));
}
