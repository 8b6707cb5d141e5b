import type { RequestHead } from "./heads.ts";
import { continueTrace, type Span, type TraceIds } from "./trace-context.ts";

export interface ForwardContext {
  client: { readonly remoteAddress: string; readonly secure: boolean };
  setHeaders: Readonly<Record<string, string>>;
  /** What the client asked for, where a rule has changed it. */
  clientAuthority: string | undefined;
  ids: TraceIds;
  /** The share of the traces begun here that is sampled, 0 to 1. */
  traceSampling: number;
}

/** Headers that steer Knative's own hops: never given to the user's container, wherever they come from. */
const INTERNAL = /^(?:knative-serving-|k-network-|k-proxy-request$|k-passthrough-lb$)/i;

/**
 * The header lines for an instance: the client's end-to-end ones, then what the gateway knows about the request (X-Forwarded-* and
 * RFC 7239), the trace, then what the route sets. The client's own claims are kept only where lists are appended to. Also settles the
 * request's id.
 */
export function forwardFields(head: RequestHead, context: ForwardContext): { fields: string; span: Span } {
  const { remoteAddress, secure } = context.client;
  const remote = remoteAddress.startsWith("::ffff:") ? remoteAddress.slice(7) : remoteAddress;
  const proto = secure ? "https" : "http";
  const authority = context.clientAuthority ?? head.authority;
  let fields = head.fields;
  if (head.requestId === "") {
    head.requestId = context.ids.uuid();
    fields += `X-Request-Id: ${head.requestId}\r\n`;
  }
  fields += `X-Forwarded-For: ${head.forwardedFor === "" ? remote : `${head.forwardedFor}, ${remote}`}\r\n`;
  fields += `X-Forwarded-Proto: ${proto}\r\nX-Forwarded-Host: ${authority}\r\n`;
  if (head.forwarded !== "") fields += `Forwarded: ${head.forwarded}\r\n`;
  else fields += `Forwarded: for=${remote.includes(":") ? `"[${remote}]"` : remote};host="${authority}";proto=${proto}\r\n`;
  const span = continueTrace(head.traceparent, head.tracestate, { ids: context.ids, sampling: context.traceSampling });
  return { fields: applySetHeaders(fields + span.fields, context.setHeaders), span };
}

function applySetHeaders(fields: string, setHeaders: Readonly<Record<string, string>>): string {
  let text = fields;
  // No list of entries is made for the many routes that set none.
  for (const name in setHeaders) {
    if (!Object.hasOwn(setHeaders, name) || INTERNAL.test(name)) continue;
    text = `${withoutField(text, name)}${name}: ${setHeaders[name]}\r\n`;
  }
  return text;
}

export function withoutField(fields: string, name: string): string {
  const prefix = `${name.toLowerCase()}:`;
  return fieldLines(fields)
    .filter((line) => line.slice(0, prefix.length).toLowerCase() !== prefix)
    .map((line) => `${line}\r\n`)
    .join("");
}

/** The lines of a field text, without their CRLF. */
function fieldLines(fields: string): string[] {
  return fields.split("\r\n").slice(0, -1);
}

/** Names (lower case) and values of a field text, in order. */
export function fieldPairs(fields: string): [name: string, value: string][] {
  return fieldLines(fields).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
}
