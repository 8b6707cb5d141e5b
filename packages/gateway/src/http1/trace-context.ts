/** W3C Trace Context, level 1: https://www.w3.org/TR/trace-context-1/ */
import type { RequestIds } from "../core/request-ids.ts";
import { readB3 } from "./b3.ts";
import { at } from "./bytes.ts";
import type { RequestHead } from "./heads.ts";

type TraceIds = Pick<RequestIds, "traceId" | "spanId" | "float">;

/** The gateway's own span in the trace of a request. */
export interface Span {
  traceId: string;
  spanId: string;
  sampled: boolean;
  /** The header lines for the next hop. */
  fields: string;
}

type TraceHead = Pick<RequestHead, "traceparent" | "tracestate" | "isUsualTrace" | "b3">;

/** Version, trace id, parent id, flags; a version to come may say more behind them (§3.2.2). */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/**
 * Continues the trace that the client has begun: same trace, same decision about sampling, a span of our own as the parent of what comes
 * next. Without a valid traceparent it may be one that is told in Zipkin's form, which the client's own lines go on telling. What is not valid begins a
 * new trace, without the state that belonged to it (§4.3); a share of `sampling` of those is sampled.
 */
export function continueTrace(head: TraceHead, { ids, sampling }: { ids: TraceIds; sampling: number }): Span {
  const { traceparent, tracestate } = head;
  const spanId = newSpanId(ids);
  if (traceparent === "") return begin(head.b3, spanId, { ids, sampling });
  if (head.isUsualTrace) return goOn(traceparent.slice(3, 35), { spanId, tracestate, sampled: traceparent.endsWith("1") });
  const known = TRACEPARENT.exec(traceparent);
  const [, version = "", traceId = "", parent = "", flags = "00", more] = known ?? [];
  const valid = known && version !== "ff" && (version !== "00" || more === undefined) && traceId !== NO_TRACE && parent !== NO_SPAN;
  if (!valid) return begin(head.b3, spanId, { ids, sampling });
  // Of the flags only the one that we know is passed on (§3.2.2.5).
  return goOn(traceId, { spanId, tracestate, sampled: (Number.parseInt(flags, 16) & 1) === 1 });
}

function goOn(traceId: string, { spanId, tracestate, sampled }: { spanId: string; tracestate: string; sampled: boolean }): Span {
  const fields = `traceparent: 00-${traceId}-${spanId}-${sampled ? "01" : "00"}\r\n`;
  return { traceId, spanId, sampled, fields: tracestate === "" ? fields : `${fields}tracestate: ${tracestate}\r\n` };
}

const DASH = 45;
const ZERO = 48;

/**
 * Whether a traceparent is a valid one as nearly all are: of version 00, with flags 00 or 01. Told by its bytes, as the expression takes as long as
 * the scan of the whole head.
 */
export function isUsualTrace(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 55 || at(bytes, start) !== ZERO || at(bytes, start + 1) !== ZERO || at(bytes, start + 2) !== DASH) return false;
  if (at(bytes, start + 35) !== DASH || at(bytes, start + 52) !== DASH || at(bytes, start + 53) !== ZERO) return false;
  return (at(bytes, start + 54) & ~1) === ZERO && isId(bytes, start + 3, start + 35) && isId(bytes, start + 36, start + 52);
}

/** 1 for a digit of hexadecimal in lower case. */
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => (/[0-9a-f]/.test(String.fromCharCode(byte)) ? 1 : 0));

/** Digits of hexadecimal in lower case, not all of them zeros. Without a branch on what the digits are, as nobody can foresee them. */
function isId(bytes: Uint8Array, start: number, end: number): boolean {
  let valid = 1;
  let ones = 0;
  for (let k = start; k < end; k++) {
    const byte = at(bytes, k);
    valid &= HEX[byte] as number;
    ones |= byte ^ ZERO;
  }
  return valid === 1 && ones !== 0;
}

function begin(b3: string, spanId: string, { ids, sampling }: { ids: TraceIds; sampling: number }): Span {
  const told = b3 === "" ? undefined : readB3(b3);
  const traceId = told?.traceId ?? ids.traceId();
  const sampled = told?.sampled ?? (sampling >= 1 || ids.float() < sampling);
  return { traceId, spanId, sampled, fields: `traceparent: 00-${traceId}-${spanId}-${sampled ? "01" : "00"}\r\n` };
}

function newSpanId(ids: TraceIds): string {
  const spanId = ids.spanId();
  return spanId === NO_SPAN ? "0000000000000001" : spanId;
}
