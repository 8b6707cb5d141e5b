/** W3C Trace Context, level 1: https://www.w3.org/TR/trace-context-1/ */
import type { RequestIds } from "../core/request-ids.ts";

type TraceIds = Pick<RequestIds, "traceId" | "spanId" | "float">;

/** The gateway's own span in the trace of a request. */
export interface Span {
  traceId: string;
  spanId: string;
  sampled: boolean;
  /** The header lines for the next hop. */
  fields: string;
}

/** Version, trace id, parent id, flags; a version to come may say more behind them (§3.2.2). */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/**
 * Continues the trace that the client has begun: same trace, same decision about sampling, a span of our own as the parent of what comes
 * next. What is not valid begins a new trace, without the state that belonged to it (§4.3); a share of `sampling` of those is sampled.
 */
export function continueTrace(traceparent: string, tracestate: string, { ids, sampling }: { ids: TraceIds; sampling: number }): Span {
  const spanId = newSpanId(ids);
  if (traceparent === "") return beginTrace(spanId, ids, sampling);
  const known = TRACEPARENT.exec(traceparent);
  const [, version = "", traceId = "", parent = "", flags = "00", more] = known ?? [];
  const valid = known && version !== "ff" && (version !== "00" || more === undefined) && traceId !== NO_TRACE && parent !== NO_SPAN;
  if (!valid) return beginTrace(spanId, ids, sampling);
  // Of the flags only the one that we know is passed on (§3.2.2.5).
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  const fields = `traceparent: 00-${traceId}-${spanId}-${sampled ? "01" : "00"}\r\n`;
  return { traceId, spanId, sampled, fields: tracestate === "" ? fields : `${fields}tracestate: ${tracestate}\r\n` };
}

function beginTrace(spanId: string, ids: TraceIds, sampling: number): Span {
  const traceId = ids.traceId();
  const sampled = sampling >= 1 || ids.float() < sampling;
  return { traceId, spanId, sampled, fields: `traceparent: 00-${traceId}-${spanId}-${sampled ? "01" : "00"}\r\n` };
}

function newSpanId(ids: TraceIds): string {
  const spanId = ids.spanId();
  return spanId === NO_SPAN ? "0000000000000001" : spanId;
}
