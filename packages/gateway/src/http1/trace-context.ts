/** W3C Trace Context, level 1: https://www.w3.org/TR/trace-context-1/ */

export interface TraceIds {
  /** A UUID: its random digits are used. */
  uuid(): string;
  /** Uniform in [0, 1). */
  float(): number;
}

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
  const known = traceparent === "" ? null : TRACEPARENT.exec(traceparent);
  const [, version = "", traceId = "", parent = "", flags = "00", more] = known ?? [];
  const valid = known && version !== "ff" && (version !== "00" || more === undefined) && traceId !== NO_TRACE && parent !== NO_SPAN;
  if (!valid) {
    const begun = ids.uuid().replaceAll("-", "");
    const sampled = sampling >= 1 || ids.float() < sampling;
    return { traceId: begun, spanId, sampled, fields: `traceparent: 00-${begun}-${spanId}-${sampled ? "01" : "00"}\r\n` };
  }
  // Of the flags only the one that we know is passed on (§3.2.2.5).
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  const fields = `traceparent: 00-${traceId}-${spanId}-${sampled ? "01" : "00"}\r\n`;
  return { traceId, spanId, sampled, fields: tracestate === "" ? fields : `${fields}tracestate: ${tracestate}\r\n` };
}

/** 64 bits of a UUID, of those that are random. */
function newSpanId(ids: TraceIds): string {
  const uuid = ids.uuid();
  const spanId = uuid.slice(24) + uuid.slice(0, 4);
  return spanId === NO_SPAN ? "0000000000000001" : spanId;
}
