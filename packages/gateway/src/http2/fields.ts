import type { OutgoingHttpHeaders } from "node:http2";
import { isValueText } from "../http1/bytes.ts";
import { fieldPairs } from "../http1/forwarding.ts";

/** Header lines as HTTP/2 wants them: lower-case names, repeated ones as lists. */
export function toHttp2Headers(fields: string): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of fieldPairs(fields)) {
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else headers[name] = [known, value];
  }
  return headers;
}

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
