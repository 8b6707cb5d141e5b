import { at } from "./bytes.ts";

/** What the gateway must do with a header; `other` ones pass as they are. */
export type FieldKind =
  | "host"
  | "connection"
  | "content-length"
  | "transfer-encoding"
  | "te"
  | "upgrade"
  | "expect"
  | "keep-alive"
  | "http2-settings"
  /** Meant for the next hop only (RFC 9110 §7.6.1), or ours alone to say: dropped. */
  | "dropped"
  | "x-forwarded-for"
  | "forwarded"
  | "x-request-id"
  | "traceparent"
  | "tracestate"
  /** Zipkin's: read, and passed on as they are. */
  | "b3"
  | "k-network-probe"
  | "k-network-hash"
  | "other";

const KINDS: Readonly<Record<string, FieldKind>> = {
  host: "host",
  connection: "connection",
  "content-length": "content-length",
  "transfer-encoding": "transfer-encoding",
  te: "te",
  upgrade: "upgrade",
  expect: "expect",
  "keep-alive": "keep-alive",
  "proxy-connection": "dropped",
  "proxy-authorization": "dropped",
  "http2-settings": "http2-settings",
  "x-forwarded-for": "x-forwarded-for",
  "x-forwarded-proto": "dropped",
  "x-forwarded-host": "dropped",
  forwarded: "forwarded",
  "x-request-id": "x-request-id",
  traceparent: "traceparent",
  tracestate: "tracestate",
  b3: "b3",
  "x-b3-traceid": "b3",
  "x-b3-spanid": "b3",
  "x-b3-sampled": "b3",
  "x-b3-flags": "b3",
  "k-network-probe": "k-network-probe",
  "k-network-hash": "k-network-hash",
  // Knative's own: they steer the mesh and must not be forged, and its queue-proxy keeps them from the user's container.
  "k-proxy-request": "dropped",
  "k-passthrough-lb": "dropped",
  "knative-serving-revision": "dropped",
  "knative-serving-namespace": "dropped",
};

interface Known {
  name: Uint8Array;
  kind: FieldKind;
}

const LONGEST = Math.max(...Object.keys(KINDS).map((name) => name.length));
/** By length and first letter: most headers are told apart by these two. */
const KNOWN: (readonly Known[] | undefined)[] = Array.from({ length: (LONGEST + 1) * 32 }, () => undefined);
for (const [name, kind] of Object.entries(KINDS)) {
  const place = placeOf(name.length, name.charCodeAt(0));
  KNOWN[place] = [...(KNOWN[place] ?? []), { name: Buffer.from(name, "latin1"), kind }];
}

/** Of a letter in any case; others may share its place. */
function placeOf(length: number, first: number): number {
  return length * 32 + (first & 31);
}

/** The kind of the header whose name is `bytes[start, end)`, in any case. */
export function kindOfBytes(bytes: Uint8Array, start: number, end: number): FieldKind {
  const length = end - start;
  const candidates = length > LONGEST ? undefined : KNOWN[placeOf(length, at(bytes, start))];
  if (candidates === undefined) return "other";
  for (const { name, kind } of candidates) if (sameName(bytes, start, name)) return kind;
  return "other";
}

/** The same for a lower-case name in a string. */
export function kindOfName(name: string): FieldKind {
  return Object.hasOwn(KINDS, name) ? (KINDS[name] ?? "other") : "other";
}

/** Only token bytes get here; of those, the ones that `| 0x20` confuses do not occur in known names. */
function sameName(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let k = 0; k < name.length; k++) if ((at(bytes, start + k) | 0x20) !== name[k]) return false;
  return true;
}

const NEVER_TRAILER =
  /^(?:host|content-[a-z]+|transfer-encoding|te|trailer|connection|upgrade|expect|authorization|cookie|set-cookie|forwarded|x-forwarded-.*|k-.*|knative-.*)$/;

/** Whether a field may come behind a body: framing, routing and authentication must not (RFC 9110 §6.5.1). `name` is lower case. */
export function allowedInTrailer(name: string): boolean {
  return !NEVER_TRAILER.test(name) && kindOfName(name) === "other";
}
