import { ownText } from "./bytes.ts";
import { fieldLines } from "./field-lines.ts";
import type { RequestHead } from "./heads.ts";
import type { RequestIds } from "../core/request-ids.ts";
import { continueTrace, type Span } from "./trace-context.ts";

/** Who a request came from. */
export interface Sender {
  readonly remoteAddress: string;
  readonly secure: boolean;
  /** What was said of its last request: nearly always the next one's, too. */
  forwarding?: Forwarding | undefined;
}

/** What a request is told to have come from, when nobody before us has said anything. */
interface Forwarding {
  authority: string;
  fields: string;
}

/** All end-to-end header lines for an instance, by how often they change: what comes again need not be encoded again. */
export interface OutgoingFields {
  /** The client's own. */
  client: string;
  /** Where it came from: nearly the same for all of a connection's requests. */
  forwarding: string;
  /** What differs each time; all of it, where the route sets fields. */
  passing: string;
}

export interface ForwardContext {
  client: Sender;
  setHeaders: Readonly<Record<string, string>>;
  /** What the client asked for, where a rule has changed it. */
  clientAuthority: string | undefined;
  ids: RequestIds;
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
export function forwardFields(head: RequestHead, context: ForwardContext): { fields: OutgoingFields; span: Span } {
  const authority = context.clientAuthority ?? head.authority;
  let passing = "";
  if (head.requestId === "") {
    head.requestId = context.ids.requestId();
    passing = `X-Request-Id: ${head.requestId}\r\n`;
  }
  const isUnforwarded = head.forwardedFor === "" && head.forwarded === "";
  const from = isUnforwarded ? unforwarded(context.client, authority) : forwarding(context.client, authority, head);
  const span = continueTrace(head, { ids: context.ids, sampling: context.traceSampling });
  const fields = { client: head.fields, forwarding: from, passing: passing + span.fields };
  return { fields: applySetHeaders(fields, context.setHeaders), span };
}

function unforwarded(client: Sender, authority: string): string {
  const last = client.forwarding;
  if (last?.authority === authority && last.fields !== "") return last.fields;
  const fields = forwarding(client, authority, NOTHING_SAID);
  // Kept from the second time on: many connections see one request only.
  client.forwarding = { authority, fields: last?.authority === authority ? ownText(fields) : "" };
  return fields;
}

const NOTHING_SAID = { forwardedFor: "", forwarded: "" };

function forwarding({ remoteAddress, secure }: Sender, authority: string, said: typeof NOTHING_SAID): string {
  const remote = remoteAddress.startsWith("::ffff:") ? remoteAddress.slice(7) : remoteAddress;
  const proto = secure ? "https" : "http";
  const chain = said.forwardedFor === "" ? remote : `${said.forwardedFor}, ${remote}`;
  const fields = `X-Forwarded-For: ${chain}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Host: ${authority}\r\n`;
  if (said.forwarded !== "") return `${fields}Forwarded: ${said.forwarded}\r\n`;
  return `${fields}Forwarded: for=${remote.includes(":") ? `"[${remote}]"` : remote};host="${authority}";proto=${proto}\r\n`;
}

function applySetHeaders(fields: OutgoingFields, setHeaders: Readonly<Record<string, string>>): OutgoingFields {
  let text: string | undefined;
  // No list of entries is made for the many routes that set none.
  for (const name in setHeaders) {
    if (!Object.hasOwn(setHeaders, name) || INTERNAL.test(name)) continue;
    text ??= fields.client + fields.forwarding + fields.passing;
    text = `${withoutField(text, name)}${name}: ${setHeaders[name]}\r\n`;
  }
  return text === undefined ? fields : { client: "", forwarding: "", passing: text };
}

export function withoutField(fields: string, name: string): string {
  const prefix = `${name.toLowerCase()}:`;
  return fieldLines(fields)
    .filter((line) => line.slice(0, prefix.length).toLowerCase() !== prefix)
    .map((line) => `${line}\r\n`)
    .join("");
}
