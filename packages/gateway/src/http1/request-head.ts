import { assertNever } from "@ebb/base";
import { equalBytes } from "./bytes.ts";
import { KnownAuthorities, type Authority, parseTarget } from "./authority.ts";
import { FramingFields } from "./framing.ts";
import { HeadMemory, MOST_KEPT_BYTES } from "./head-memory.ts";
import type { HeadScanner } from "./head-scanner.ts";
import type { Framing, RequestHead } from "./heads.ts";
import { ConnectionOptions, FieldMarks } from "./kept-fields.ts";
import { kindOfBytes } from "./known-fields.ts";
import { Rejection, rejectionOf } from "./rejection.ts";
import { isUsualTrace } from "./trace-context.ts";

const NO_HOST = new Rejection(400, "exactly one Host header is required");
const BAD_HOST = new Rejection(400, "the Host header is not a valid host name");
const BAD_TARGET = new Rejection(400, "the request target must be a path or an http:// URL");
const NO_CONNECT = new Rejection(405, "CONNECT is not served here");
const BAD_EXPECT = new Rejection(417, "the only expectation known here is 100-continue");

/** What the fields of a request say, whatever its request line is. */
interface Said {
  /** How many Hosts there are, and what the last one names if it is valid. */
  hosts: number;
  named: Authority | undefined;
  framing: FramingFields;
  options: ConnectionOptions;
  fields: string;
  expectContinue: boolean;
  upgrade: string;
  http2Settings: string | undefined;
  acceptsTrailers: boolean;
  forwardedFor: string;
  forwarded: string;
  requestId: string;
  traceparent: string;
  tracestate: string;
  isUsualTrace: boolean;
  b3: string;
  probe: string;
  probeHash: string;
}

/**
 * Gives the scanned head its meaning (RFC 9110, 9112). Refuses what is ambiguous; drops what is meant for this hop, and what only the
 * gateway may say about a request.
 */
export class RequestInterpreter {
  readonly #marks: FieldMarks;
  readonly #authorities = new KnownAuthorities();
  readonly #memory = new HeadMemory<Said>();

  constructor(maxFields: number) {
    this.#marks = new FieldMarks(maxFields);
  }

  /** See Dialect. */
  read(scanner: HeadScanner, bytes: Buffer, start: number, end: number): RequestHead | Rejection | undefined {
    const line = scanner.scanRequestLine(bytes, start, end);
    if (line !== "complete") return line === "incomplete" ? undefined : rejectionOf(scanner.problem);
    const { fieldsStart } = scanner;
    const known = this.#memory.find(bytes, fieldsStart, end);
    if (known) {
      scanner.end = this.#memory.end;
      scanner.read(bytes, start, fieldsStart);
      return this.#finish(known, scanner, bytes);
    }
    const result = scanner.scanFields(bytes, fieldsStart, end);
    if (result !== "complete") return result === "incomplete" ? undefined : rejectionOf(scanner.problem);
    scanner.read(bytes, start, scanner.end);
    const said = this.#interpret(scanner, bytes);
    if (said instanceof Rejection) return said;
    // Its texts are cut from that of the whole head, which they keep.
    if (scanner.end - start <= MOST_KEPT_BYTES) this.#memory.offer(bytes, fieldsStart, scanner.end, said);
    return this.#finish(said, scanner, bytes);
  }

  #interpret(scanner: HeadScanner, bytes: Buffer): Said | Rejection {
    const said = saysNothing();
    this.#marks.clear(scanner.count);
    for (let field = 0; field < scanner.count; field++) {
      const problem = this.#field(said, scanner, bytes, field);
      if (problem) return problem;
    }
    said.fields = this.#marks.kept(scanner, said.options);
    return said;
  }

  // oxlint-disable-next-line max-params -- the hot loop's body: an object per header would be the price
  #field(said: Said, scanner: HeadScanner, bytes: Buffer, field: number): Rejection | null {
    const kind = kindOfBytes(bytes, scanner.nameStart(field), scanner.nameEnd(field));
    if (kind === "other") return null;
    if (kind === "host") {
      said.hosts++;
      said.named = this.#authorities.findBytes(bytes, scanner.valueStart(field), scanner.valueEnd(field));
      this.#marks.drop(field);
      return null;
    }
    const value = scanner.text(scanner.valueStart(field), scanner.valueEnd(field));
    if (kind === "x-request-id") {
      said.requestId = value;
      return null;
    }
    if (kind === "b3") {
      said.b3 += scanner.text(scanner.nameStart(field), scanner.lineEnd(field));
      return null;
    }
    this.#marks.drop(field);
    switch (kind) {
      case "connection":
        said.options.add(value);
        return null;
      case "content-length":
        return said.framing.addLength(value, false);
      case "transfer-encoding":
        return said.framing.addEncoding(value);
      case "te":
        said.acceptsTrailers = /(?:^|,)\s*trailers\s*(?:,|;|$)/i.test(value);
        return null;
      case "upgrade":
        said.upgrade = joined(said.upgrade, value);
        return null;
      case "http2-settings":
        // Two of them become none that is valid.
        said.http2Settings = joinedSettings(said.http2Settings, value);
        return null;
      case "expect":
        said.expectContinue = true;
        return value.toLowerCase() === "100-continue" ? null : BAD_EXPECT;
      case "x-forwarded-for":
        said.forwardedFor = joined(said.forwardedFor, value);
        return null;
      case "forwarded":
        said.forwarded = joined(said.forwarded, value);
        return null;
      case "traceparent":
        // Two of them become none that is valid.
        said.isUsualTrace = said.traceparent === "" && isUsualTrace(bytes, scanner.valueStart(field), scanner.valueEnd(field));
        said.traceparent = joined(said.traceparent, value);
        return null;
      case "tracestate":
        said.tracestate = joined(said.tracestate, value);
        return null;
      case "k-network-probe":
        said.probe = value;
        return null;
      case "k-network-hash":
        said.probeHash = value;
        return null;
      case "keep-alive":
      case "dropped":
        return null;
      default:
        return assertNever(kind);
    }
  }

  #finish(said: Said, scanner: HeadScanner, bytes: Buffer): RequestHead | Rejection {
    const { framing, options } = said;
    const problem = framing.check(scanner.minor);
    if (problem) return problem;
    const method = methodOf(scanner, bytes);
    if (method === "CONNECT") return NO_CONNECT;
    const target = parseTarget(method, scanner.text(scanner.targetStart, scanner.targetEnd));
    if (!target) return BAD_TARGET;
    if (said.hosts > 1 || (said.hosts === 0 && (scanner.minor === 1 || target.authority === undefined))) return NO_HOST;
    // Both must be valid even where only one counts, so that no one behind us can be told another host.
    const named = said.hosts === 1 ? said.named : NONE;
    if (named === undefined) return BAD_HOST;
    const authority = target.authority === undefined ? named : this.#authorities.find(target.authority);
    if (authority === undefined) return BAD_HOST;
    const isOld = scanner.minor === 0;
    const bodied = framing.chunked ? "chunked" : framing.length > 0 ? "length" : "none";
    return {
      protocol: isOld ? "http/1.0" : "http/1.1",
      method,
      target: target.target,
      authority: authority.text,
      host: authority.host,
      fields: said.fields,
      framing: bodied,
      length: Math.max(0, framing.length),
      keepAlive: isOld ? options.keepAlive && !options.close : !options.close,
      expectContinue: said.expectContinue && !isOld,
      upgrade: mayUpgrade(said, isOld, bodied) ? said.upgrade : "",
      http2Settings: mayBecomeHttp2(said, isOld, bodied) ? said.http2Settings : undefined,
      acceptsTrailers: said.acceptsTrailers,
      forwardedFor: said.forwardedFor,
      forwarded: said.forwarded,
      requestId: said.requestId,
      traceparent: said.traceparent,
      tracestate: said.tracestate,
      isUsualTrace: said.isUsualTrace,
      b3: said.b3,
      probe: said.probe,
      probeHash: said.probeHash,
    };
  }
}

/** No instance is asked to switch to HTTP/2: it says by its port's name that it speaks it. A body before a switch of protocols is nothing anyone does. */
function mayUpgrade({ options, upgrade }: Said, isOld: boolean, framing: Framing): boolean {
  return options.upgrade && !isOld && framing === "none" && !/\bh2c?\b/i.test(upgrade);
}

/** Pairs of a number of two bytes and a value of four, in base64url: so it has no padding. More than anybody has to say. */
const HTTP2_SETTINGS = /^(?:[A-Za-z0-9_-]{8}){0,32}$/;

/**
 * Whether a request asks to go on in HTTP/2 (RFC 7540 §3.2), and may. Not when it came through another proxy: one that passes the wish on without
 * understanding it would let everything that follows past its own rules ("h2c smuggling").
 */
function mayBecomeHttp2(said: Said, isOld: boolean, framing: Framing): boolean {
  const { options, upgrade, http2Settings, forwardedFor, forwarded } = said;
  if (http2Settings === undefined || !options.upgrade || options.names?.has("http2-settings") !== true) return false;
  if (isOld || framing !== "none" || forwardedFor !== "" || forwarded !== "" || /^via:/im.test(said.fields)) return false;
  return upgrade.toLowerCase() === "h2c" && HTTP2_SETTINGS.test(http2Settings);
}

function joinedSettings(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

/** A header that comes twice is one list (RFC 9110 §5.3). */
export function joined(before: string, value: string): string {
  return before === "" ? value : `${before}, ${value}`;
}

const NONE: Authority = { text: "", host: "" };

const METHODS: readonly { bytes: Buffer; method: string }[] = [
  "GET",
  "POST",
  "HEAD",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
].map((method) => ({ bytes: Buffer.from(method, "latin1"), method }));

/** The engine compares a text that it knows by its address. */
function methodOf(scanner: HeadScanner, bytes: Buffer): string {
  const { methodStart: start, methodEnd: end } = scanner;
  for (const known of METHODS) if (equalBytes(known.bytes, bytes, start, end - start)) return known.method;
  return scanner.text(start, end);
}

function saysNothing(): Said {
  return {
    hosts: 0,
    named: undefined,
    framing: new FramingFields(),
    options: new ConnectionOptions(),
    fields: "",
    expectContinue: false,
    upgrade: "",
    http2Settings: undefined,
    acceptsTrailers: false,
    forwardedFor: "",
    forwarded: "",
    requestId: "",
    traceparent: "",
    tracestate: "",
    isUsualTrace: false,
    b3: "",
    probe: "",
    probeHash: "",
  };
}
