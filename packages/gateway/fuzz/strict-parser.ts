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

const STATUS_LINE = /^HTTP\/1\.1 [1-9]\d{2} [\t\x20-\x7e\x80-\xff]*$/;

/** A request. */
export function parseOne(text: string): Parsed | undefined {
  const parts = split(text, REQUEST_LINE);
  if (!parts || values(parts.fields, "host").length !== 1) return undefined;
  return withBody(parts, "0");
}

/** An answer; `hasNoBody` whatever its fields say. */
export function parseAnswer(text: string, hasNoBody: boolean): Parsed | undefined {
  const parts = split(text, STATUS_LINE);
  if (!parts || !hasNoBody) return parts && withBody(parts, undefined);
  return parts.rest === "" && framing(parts.fields) ? { ...parts, body: "" } : undefined;
}

interface Parts {
  line: string;
  fields: string[];
  rest: string;
}

function split(text: string, startLine: RegExp): Parts | undefined {
  const end = text.indexOf("\r\n\r\n");
  const [line = "", ...fields] = text.slice(0, Math.max(0, end)).split("\r\n");
  if (end < 0 || !startLine.test(line) || !fields.every((field) => FIELD.test(field))) return undefined;
  return { line, fields, rest: text.slice(end + 4) };
}

function values(fields: readonly string[], name: string): string[] {
  return fields
    .filter((field) => field.slice(0, field.indexOf(":")).toLowerCase() === name)
    .map((field) => field.slice(name.length + 1).trim());
}

/** At most one field may say where the body ends. */
function framing(fields: readonly string[]): { length: string | undefined; coding: string | undefined } | undefined {
  const [lengths, codings] = [values(fields, "content-length"), values(fields, "transfer-encoding")];
  return lengths.length + codings.length > 1 ? undefined : { length: lengths[0], coding: codings[0] };
}

/** `noLength` is the length where no field tells of it; undefined when there must be one. */
function withBody({ line, fields, rest }: Parts, noLength: string | undefined): Parsed | undefined {
  const found = framing(fields);
  if (!found) return undefined;
  const { length = noLength, coding } = found;
  const body = coding === undefined ? plain(rest, length ?? "") : coding === "chunked" ? dechunked(rest) : undefined;
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
