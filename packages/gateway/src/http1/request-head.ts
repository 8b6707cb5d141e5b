import { assertNever } from "@ebb/base";
import { KnownAuthorities, type Authority, parseTarget } from "./authority.ts";
import { FramingFields } from "./framing.ts";
import type { HeadScanner } from "./head-scanner.ts";
import type { RequestHead } from "./heads.ts";
import { ConnectionOptions, FieldMarks } from "./kept-fields.ts";
import { kindOfBytes } from "./known-fields.ts";
import { Rejection } from "./rejection.ts";

const NO_HOST = new Rejection(400, "exactly one Host header is required");
const BAD_HOST = new Rejection(400, "the Host header is not a valid host name");
const BAD_TARGET = new Rejection(400, "the request target must be a path or an http:// URL");
const NO_CONNECT = new Rejection(405, "CONNECT is not served here");
const BAD_EXPECT = new Rejection(417, "the only expectation known here is 100-continue");

interface Draft {
  head: RequestHead;
  hosts: number;
  framing: FramingFields;
  options: ConnectionOptions;
}

/**
 * Gives the scanned head its meaning (RFC 9110, 9112). Refuses what is ambiguous; drops what is meant for this hop, and what only the
 * gateway may say about a request.
 */
export class RequestInterpreter {
  readonly #marks: FieldMarks;
  readonly #authorities = new KnownAuthorities();

  constructor(maxFields: number) {
    this.#marks = new FieldMarks(maxFields);
  }

  interpret(scanner: HeadScanner, bytes: Buffer): RequestHead | Rejection {
    const draft: Draft = { head: emptyHead(scanner), hosts: 0, framing: new FramingFields(), options: new ConnectionOptions() };
    this.#marks.clear(scanner.count);
    for (let field = 0; field < scanner.count; field++) {
      const problem = this.#field(draft, scanner, bytes, field);
      if (problem) return problem;
    }
    return this.#finish(draft, scanner);
  }

  // oxlint-disable-next-line max-params -- the hot loop's body: an object per header would be the price
  #field(draft: Draft, scanner: HeadScanner, bytes: Buffer, field: number): Rejection | null {
    const kind = kindOfBytes(bytes, scanner.nameStart(field), scanner.nameEnd(field));
    if (kind === "other") return null;
    const { head } = draft;
    const value = scanner.text(scanner.valueStart(field), scanner.valueEnd(field));
    if (kind === "x-request-id") {
      head.requestId = value;
      return null;
    }
    this.#marks.drop(field);
    switch (kind) {
      case "host":
        draft.hosts++;
        head.authority = value;
        return null;
      case "connection":
        draft.options.add(value);
        return null;
      case "content-length":
        return draft.framing.addLength(value, false);
      case "transfer-encoding":
        return draft.framing.addEncoding(value);
      case "te":
        head.acceptsTrailers = /(?:^|,)\s*trailers\s*(?:,|;|$)/i.test(value);
        return null;
      case "upgrade":
        head.upgrade = value;
        return null;
      case "expect":
        head.expectContinue = true;
        return value.toLowerCase() === "100-continue" ? null : BAD_EXPECT;
      case "x-forwarded-for":
        head.forwardedFor = joined(head.forwardedFor, value);
        return null;
      case "forwarded":
        head.forwarded = joined(head.forwarded, value);
        return null;
      case "traceparent":
        // Two of them become none that is valid.
        head.traceparent = joined(head.traceparent, value);
        return null;
      case "tracestate":
        head.tracestate = joined(head.tracestate, value);
        return null;
      case "k-network-probe":
        head.probe = value;
        return null;
      case "k-network-hash":
        head.probeHash = value;
        return null;
      case "keep-alive":
      case "dropped":
        return null;
      default:
        return assertNever(kind);
    }
  }

  #finish(draft: Draft, scanner: HeadScanner): RequestHead | Rejection {
    const { head, framing, options } = draft;
    const problem = framing.check(scanner.minor);
    if (problem) return problem;
    if (head.method === "CONNECT") return NO_CONNECT;
    const target = parseTarget(head.method, head.target);
    if (!target) return BAD_TARGET;
    if (draft.hosts > 1 || (draft.hosts === 0 && (scanner.minor === 1 || target.authority === undefined))) return NO_HOST;
    // Both must be valid even where only one counts, so that no one behind us can be told another host.
    const named = draft.hosts === 1 ? this.#authorities.find(head.authority) : NONE;
    if (named === undefined) return BAD_HOST;
    const authority = target.authority === undefined ? named : this.#authorities.find(target.authority);
    if (authority === undefined) return BAD_HOST;
    head.authority = authority.text;
    head.host = authority.host;
    head.target = target.target;
    head.framing = framing.chunked ? "chunked" : framing.length > 0 ? "length" : "none";
    head.length = Math.max(0, framing.length);
    head.keepAlive = scanner.minor === 1 ? !options.close : options.keepAlive && !options.close;
    if (scanner.minor === 0) head.expectContinue = false;
    // h2c by upgrade is gone from the standard (RFC 9113 §3.1); a body before a switch of protocols is nothing anyone does.
    if (!options.upgrade || scanner.minor === 0 || head.framing !== "none" || /h2c/i.test(head.upgrade)) head.upgrade = "";
    head.fields = this.#marks.kept(scanner, options);
    return head;
  }
}

/** A header that comes twice is one list (RFC 9110 §5.3). */
export function joined(before: string, value: string): string {
  return before === "" ? value : `${before}, ${value}`;
}

const NONE: Authority = { text: "", host: "" };

const METHODS: ReadonlyMap<string, string> = new Map(
  ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"].map((method) => [method, method]),
);

/** The engine compares a text that it knows by its address. */
function knownMethod(method: string): string {
  return METHODS.get(method) ?? method;
}

function emptyHead(scanner: HeadScanner): RequestHead {
  return {
    protocol: scanner.minor === 1 ? "http/1.1" : "http/1.0",
    method: knownMethod(scanner.text(scanner.methodStart, scanner.methodEnd)),
    target: scanner.text(scanner.targetStart, scanner.targetEnd),
    authority: "",
    host: "",
    fields: "",
    framing: "none",
    length: 0,
    keepAlive: false,
    expectContinue: false,
    upgrade: "",
    acceptsTrailers: false,
    forwardedFor: "",
    forwarded: "",
    requestId: "",
    traceparent: "",
    tracestate: "",
    probe: "",
    probeHash: "",
  };
}
