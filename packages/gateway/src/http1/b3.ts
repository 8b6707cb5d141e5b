/** Zipkin's B3 propagation, in one header or in several: https://github.com/openzipkin/b3-propagation */
import { fieldPairs } from "./field-lines.ts";

/** What a client says of its trace. */
export interface B3 {
  /** As W3C Trace Context writes it; undefined when it is left to us. */
  traceId: string | undefined;
  /** Undefined when it is left to us. */
  sampled: boolean | undefined;
}

const NOTHING: B3 = { traceId: undefined, sampled: undefined };
/** `{trace}-{span}-{decision}-{parent}` with the last two optional, or the decision alone. */
const SINGLE = /^(?:([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?|([01d]))$/;
const TRACE = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/;
const SPAN = /^[0-9a-f]{16}$/;
const ZEROS = /^0+$/;

/** Reads its header lines. The one header wins over the several; what is not valid, or comes twice, says nothing. */
export function readB3(lines: string): B3 {
  const said = new Map<string, string>();
  for (const [name, value] of fieldPairs(lines)) said.set(name, said.has(name) ? "twice" : value);
  const of = (name: string) => said.get(name) ?? "";
  const known = SINGLE.exec(of("b3"));
  if (known) {
    const [, trace = "", span = "", decision = "", alone = ""] = known;
    return { traceId: traceOf(trace, span), sampled: decisionOf(decision + alone) };
  }
  if (of("b3") !== "") return NOTHING;
  // The debug flag is a decision as well.
  const decision = of("x-b3-flags") === "1" ? "d" : of("x-b3-sampled");
  return { traceId: traceOf(of("x-b3-traceid"), of("x-b3-spanid")), sampled: decisionOf(decision) };
}

/** A trace of 64 bits is one of 128 that begins with zeros. */
function traceOf(trace: string, span: string): string | undefined {
  if (!TRACE.test(trace) || !SPAN.test(span) || ZEROS.test(trace) || ZEROS.test(span)) return undefined;
  return trace.padStart(32, "0");
}

/** `true` and `false` are what old tracers say. */
function decisionOf(text: string): boolean | undefined {
  switch (text) {
    case "1":
    case "d":
    case "true":
      return true;
    case "0":
    case "false":
      return false;
    default:
      return undefined;
  }
}
