import type { RequestView } from "./request-view.ts";

/** What a value may speak of. */
export interface FormatContext {
  view: RequestView;
  /** Of an answer, where there is one. */
  status?: number;
  answerHeader?: (name: string) => string | undefined;
}

export type Format = (context: FormatContext) => string;

const COMMAND = /%(?:(REQ|RESP)\(([^()%]*)\)(?::(\d{1,5}))?|([A-Z_]+)|())%/g;

/**
 * Envoy's substitution formatters in header values: `%REQ(name?other):length%`, `%RESP(…)%`, `%PROTOCOL%`, `%RESPONSE_CODE%`,
 * `%DOWNSTREAM_REMOTE_ADDRESS(_WITHOUT_PORT)%`; `%%` is a percent sign. What there is no value for is `-`; other commands stay as they are.
 */
export function compileFormat(value: string): Format {
  if (!value.includes("%")) return () => value;
  const parts: (string | Format)[] = [];
  let last = 0;
  for (const match of value.matchAll(COMMAND)) {
    const command = commandOf(match);
    if (command === undefined) continue;
    parts.push(value.slice(last, match.index), command);
    last = match.index + match[0].length;
  }
  parts.push(value.slice(last));
  return (context) => parts.map((part) => (typeof part === "string" ? part : part(context))).join("");
}

function commandOf([, from, names, length, word, percent]: RegExpMatchArray): Format | string | undefined {
  if (percent !== undefined) return "%";
  if (from !== undefined) {
    const candidates = (names ?? "").toLowerCase().split("?");
    const limit = length === undefined ? Infinity : Number(length);
    return (context) => {
      const read = from === "REQ" ? (name: string) => context.view.header(name) : context.answerHeader;
      const value = candidates.map((name) => read?.(name)).find((found) => found !== undefined);
      return value?.slice(0, limit) ?? "-";
    };
  }
  switch (word) {
    case "PROTOCOL":
      return ({ view }) => PROTOCOLS[view.request.protocol];
    case "DOWNSTREAM_REMOTE_ADDRESS":
    case "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT":
      return ({ view }) => view.client.remoteAddress;
    case "RESPONSE_CODE":
      return ({ status }) => (status === undefined ? "-" : String(status));
    case undefined:
    default:
      return undefined;
  }
}

const PROTOCOLS = { "http/1.0": "HTTP/1.0", "http/1.1": "HTTP/1.1", h2: "HTTP/2" } as const;
