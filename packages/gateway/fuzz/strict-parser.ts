/**
 * A second reading of HTTP/1.1, for the fuzzer alone: of regular expressions over the whole text, so that it shares no thought with the
 * parser under test, and as strict as RFC 9112 lets it be. Undefined: not exactly one message.
 */
export interface Parsed {
  line: string;
  fields: string[];
  body: string;
}

const FIELD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;
const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e\x80-\xff]+ HTTP\/1\.1$/;

export function parseOne(text: string): Parsed | undefined {
  const end = text.indexOf("\r\n\r\n");
  const [line = "", ...fields] = text.slice(0, Math.max(0, end)).split("\r\n");
  if (end < 0 || !REQUEST_LINE.test(line) || !fields.every((field) => FIELD.test(field))) return undefined;
  const values = (name: string) =>
    fields.filter((field) => field.slice(0, field.indexOf(":")).toLowerCase() === name).map((field) => field.slice(name.length + 1).trim());
  if (values("host").length !== 1) return undefined;
  const [lengths, codings] = [values("content-length"), values("transfer-encoding")];
  if (lengths.length + codings.length > 1) return undefined;
  const rest = text.slice(end + 4);
  const body = codings.length > 0 ? (codings[0] === "chunked" ? dechunked(rest) : undefined) : plain(rest, lengths[0] ?? "0");
  return body === undefined ? undefined : { line, fields, body };
}

function plain(rest: string, length: string): string | undefined {
  return /^\d{1,15}$/.test(length) && Number(length) === rest.length ? rest : undefined;
}

function dechunked(text: string): string | undefined {
  let body = "";
  let at = 0;
  for (;;) {
    const size = /^([0-9a-f]{1,12})\r\n/.exec(text.slice(at, at + 16));
    if (!size) return undefined;
    at += size[0].length;
    const length = Number.parseInt(size[1] ?? "", 16);
    if (length === 0) break;
    if (text.slice(at + length, at + length + 2) !== "\r\n") return undefined;
    body += text.slice(at, at + length);
    at += length + 2;
  }
  const trailers = text.slice(at).split("\r\n");
  const whole = trailers.at(-1) === "" && trailers.at(-2) === "" && trailers.slice(0, -2).every((line) => FIELD.test(line));
  return whole ? body : undefined;
}
