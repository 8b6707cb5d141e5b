import { assertNever } from "@ebb/base";
import { hostOf, parseTarget } from "../http1/authority.ts";
import { bareRequest, type RequestHead } from "../http1/heads.ts";
import { kindOfName } from "../http1/known-fields.ts";
import { joined } from "../http1/request-head.ts";
import { HEAD_TOO_LARGE, Rejection } from "../http1/rejection.ts";
import { plainPairs, toLines } from "./fields.ts";
import type { FieldList } from "./hpack/decoder.ts";

export interface Http2Pseudo {
  method: string;
  path: string;
  authority: string;
  /** Of an extended CONNECT (RFC 8441), or "". */
  protocol: string;
}

const BAD_VALUE = new Rejection(400, "a header holds bytes that must not be there");
const BAD_HOST = new Rejection(400, "exactly one valid :authority or Host is required");
const BAD_TARGET = new Rejection(400, "the :path must be a path");
const TOO_LONG = new Rejection(414, "the request target is too long");
const BAD_METHOD = new Rejection(405, "CONNECT is not served here");
const BAD_PROTOCOL = new Rejection(501, "the only protocol to connect to is websocket");

/**
 * An HTTP/2 request's head in the core's terms (RFC 9113 §8.3), by the same rules as for HTTP/1.1. A WebSocket's CONNECT becomes the GET
 * with an upgrade that it is in HTTP/1.1; of all HTTP/2 requests only that one has an upgrade.
 */
export function readHttp2Request(list: FieldList, pseudo: Http2Pseudo, ended: boolean, maxTarget: number): RequestHead | Rejection {
  if (list.isTooLarge) return HEAD_TOO_LARGE;
  const pairs = plainPairs(list.pairs);
  if (!pairs) return BAD_VALUE;
  const connect = pseudo.method === "CONNECT" && pseudo.protocol !== "";
  if (pseudo.method === "" || (pseudo.method === "CONNECT" && !connect)) return BAD_METHOD;
  if (connect && pseudo.protocol !== "websocket") return BAD_PROTOCOL;
  if (pseudo.path.length > maxTarget) return TOO_LONG;
  const target = parseTarget(pseudo.method, pseudo.path);
  if (!target || target.authority !== undefined) return BAD_TARGET;
  const head = bareRequest("h2", connect ? "GET" : pseudo.method, pseudo.path);
  if (connect) head.upgrade = pseudo.protocol;
  else if (!ended) head.framing = "chunked";
  const kept: [string, string][] = [];
  const hosts: string[] = pseudo.authority === "" ? [] : [pseudo.authority];
  for (const [name, value] of pairs) {
    if (name === "host") hosts.push(value);
    // The gateway makes one of its own.
    else if (connect && name === "sec-websocket-key") continue;
    else if (!note(head, name, value)) kept.push([name, value]);
  }
  const [authority = ""] = hosts;
  const host = hostOf(authority);
  if (host === undefined || host === "" || hosts.some((other) => hostOf(other) !== host)) return BAD_HOST;
  head.authority = authority;
  head.host = host;
  head.fields = toLines(kept);
  return head;
}

/** Takes what the gateway deals with itself; false for a header that passes. */
function note(head: RequestHead, name: string, value: string): boolean {
  const kind = kindOfName(name);
  switch (kind) {
    case "content-length":
      noteLength(head, value);
      return true;
    case "te":
      head.acceptsTrailers = /trailers/i.test(value);
      return true;
    case "x-forwarded-for":
      head.forwardedFor = joined(head.forwardedFor, value);
      return true;
    case "forwarded":
      head.forwarded = joined(head.forwarded, value);
      return true;
    case "traceparent":
      head.traceparent = joined(head.traceparent, value);
      return true;
    case "tracestate":
      head.tracestate = joined(head.tracestate, value);
      return true;
    case "b3":
      head.b3 += `${name}: ${value}\r\n`;
      return false;
    case "x-request-id":
      head.requestId = value;
      return false;
    case "k-network-probe":
      head.probe = value;
      return true;
    case "k-network-hash":
      head.probeHash = value;
      return true;
    case "other":
      return false;
    case "host":
    case "connection":
    case "transfer-encoding":
    case "upgrade":
    case "keep-alive":
    case "http2-settings":
    case "dropped":
      return true;
    case "expect":
      head.expectContinue = true;
      return true;
    default:
      return assertNever(kind);
  }
}

/** -1 for one that is none, or says something else than another: no body is so long, and the stream is reset. */
function noteLength(head: RequestHead, value: string): void {
  const length = /^[0-9]{1,15}$/.test(value) ? Number(value) : -1;
  const isKnown = head.framing === "length" || head.length !== 0;
  head.length = isKnown && head.length !== length ? -1 : length;
  if (head.framing !== "none") head.framing = "length";
}
