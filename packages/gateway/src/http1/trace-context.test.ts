import { systemRandom } from "@ebb/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BatchedIds } from "../core/request-ids.ts";
import { continueTrace, isUsualTrace } from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const ids = new BatchedIds(systemRandom);
const toldByBytes = (text: string) => isUsualTrace(Buffer.from(`: ${text}\r\n`, "latin1"), 2, 2 + text.length);

/** As for a client of HTTP/1, and as for one whose bytes nobody has looked at: both must mean the same. */
function next(traceparent: string, tracestate = "", { sampling = 1, b3 = "" } = {}) {
  const head = { traceparent, tracestate, b3, isUsualTrace: toldByBytes(traceparent) };
  const span = continueTrace(head, { ids, sampling });
  const other = continueTrace({ ...head, isUsualTrace: false }, { ids, sampling });
  expect(other.fields.replace(other.spanId, span.spanId).replace(other.traceId, span.traceId)).toBe(span.fields);
  return span;
}

describe("a trace that the client has begun", () => {
  test.each<[sentence: string, traceparent: string, sampled: boolean]>([
    ["goes on, sampled", `00-${TRACE}-${PARENT}-01`, true],
    ["goes on, not sampled", `00-${TRACE}-${PARENT}-00`, false],
    ["of flags to come only the one that is known is passed on", `00-${TRACE}-${PARENT}-fe`, false],
    ["of a version to come goes on", `cc-${TRACE}-${PARENT}-01`, true],
    ["of a version to come may say more", `cc-${TRACE}-${PARENT}-01-what-will-be`, true],
  ])("%s", (_sentence, traceparent, sampled) => {
    const span = next(traceparent, "a=1,b=2", { sampling: 0 });
    expect(span).toMatchObject({ traceId: TRACE, sampled });
    expect(span.spanId).not.toBe(PARENT);
    expect(span.fields).toBe(`traceparent: 00-${TRACE}-${span.spanId}-${sampled ? "01" : "00"}\r\ntracestate: a=1,b=2\r\n`);
  });
});

const SHORT = TRACE.slice(16);
const several = (trace: string, more = "") => `X-B3-TraceId: ${trace}\r\nX-B3-SpanId: ${PARENT}\r\n${more}`;

describe("a trace in Zipkin's form", () => {
  test.each<[sentence: string, b3: string, trace: string | undefined, sampled: boolean]>([
    ["goes on, sampled", several(TRACE, "X-B3-Sampled: 1\r\n"), TRACE, true],
    ["goes on, not sampled", several(TRACE, "X-B3-Sampled: 0\r\n"), TRACE, false],
    ["goes on, as old tracers say it", several(TRACE, "x-b3-sampled: true\r\n"), TRACE, true],
    ["is sampled for who debugs", several(TRACE, "X-B3-Flags: 1\r\nX-B3-Sampled: 0\r\n"), TRACE, true],
    ["of 64 bits goes on as one of 128", several(SHORT), `${"0".repeat(16)}${SHORT}`, false],
    ["leaves the decision to the share that is asked for", several(TRACE), TRACE, false],
    ["in one header goes on", `b3: ${TRACE}-${PARENT}-1-${PARENT}\r\n`, TRACE, true],
    ["in one header goes on without a decision", `b3: ${SHORT}-${PARENT}\r\n`, `${"0".repeat(16)}${SHORT}`, false],
    ["in one header goes before one in several", `${several(SHORT)}b3: ${TRACE}-${PARENT}-d\r\n`, TRACE, true],
    ["that is a decision alone begins a new one, with it", "b3: 1\r\n", undefined, true],
    ["of zeros begins a new one", several("0".repeat(32)), undefined, false],
    ["that is none begins a new one", several("xyz", "X-B3-Sampled: 2\r\n"), undefined, false],
    ["without a span begins a new one", `X-B3-TraceId: ${TRACE}\r\n`, undefined, false],
    ["that comes twice begins a new one", `${several(TRACE)}X-B3-TraceId: ${TRACE}\r\n`, undefined, false],
  ])("%s", (_sentence, b3, trace, sampled) => {
    const span = next("", "a=1", { sampling: 0, b3 });
    expect(span.sampled).toBe(sampled);
    if (trace === undefined) expect(span.traceId).not.toContain(SHORT);
    else expect(span.traceId).toBe(trace);
    expect(span.fields).toBe(`traceparent: 00-${span.traceId}-${span.spanId}-${sampled ? "01" : "00"}\r\n`);
  });

  test("counts where the traceparent is not valid, and not where it is", () => {
    const b3 = several("b".repeat(32), "X-B3-Sampled: 0\r\n");
    expect(next(`00-${TRACE}-${PARENT}-01`, "", { b3 })).toMatchObject({ traceId: TRACE, sampled: true });
    expect(next("no trace", "", { b3 })).toMatchObject({ traceId: "b".repeat(32), sampled: false });
  });
});

describe("a new trace is begun, without the state, for", () => {
  test.each([
    ["none", ""],
    ["capitals", `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ["a trace of zeros", `00-${"0".repeat(32)}-${PARENT}-01`],
    ["a parent of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["version ff", `ff-${TRACE}-${PARENT}-01`],
    ["version 00 that says more", `00-${TRACE}-${PARENT}-01-more`],
    ["one that is too short", `00-${TRACE}-${PARENT}`],
    ["two of them", `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`],
  ])("%s", (_sentence, traceparent) => {
    const span = next(traceparent, "a=1");
    expect(span.fields).toMatch(/^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01\r\n$/);
    expect(span.traceId).not.toBe(TRACE);
  });
});

test("new traces are sampled by the share that is asked for", () => {
  expect(next("", "", { sampling: 0 }).sampled).toBe(false);
  const begin = () => continueTrace({ traceparent: "", tracestate: "", isUsualTrace: false, b3: "" }, { ids, sampling: 0.25 });
  const sampled = Array.from({ length: 2000 }, begin).filter((span) => span.sampled).length;
  expect(sampled).toBeGreaterThan(350);
  expect(sampled).toBeLessThan(650);
});

test("property: whatever comes in, what goes out is valid, and one header", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
      expect(next(text).fields).toMatch(/^traceparent: 00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]\r\n$/);
    }),
  );
});

const usual = `00-${TRACE}-${PARENT}-01`;
const anyByte = fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte));

test("what its bytes tell is what the expression tells, whichever byte is another", () => {
  const known = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]$/;
  fc.assert(
    fc.property(fc.nat({ max: usual.length - 1 }), anyByte, (at, byte) => {
      const text = usual.slice(0, at) + byte + usual.slice(at + 1);
      expect(toldByBytes(text)).toBe(known.test(text));
    }),
  );
});
