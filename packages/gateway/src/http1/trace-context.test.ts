import { systemRandom } from "@ebb/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BatchedIds } from "../core/request-ids.ts";
import { continueTrace } from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const ids = new BatchedIds(systemRandom);
const next = (traceparent: string, tracestate = "", sampling = 1) => continueTrace(traceparent, tracestate, { ids, sampling });

describe("a trace that the client has begun", () => {
  test.each<[sentence: string, traceparent: string, sampled: boolean]>([
    ["goes on, sampled", `00-${TRACE}-${PARENT}-01`, true],
    ["goes on, not sampled", `00-${TRACE}-${PARENT}-00`, false],
    ["of flags to come only the one that is known is passed on", `00-${TRACE}-${PARENT}-fe`, false],
    ["of a version to come goes on", `cc-${TRACE}-${PARENT}-01`, true],
    ["of a version to come may say more", `cc-${TRACE}-${PARENT}-01-what-will-be`, true],
  ])("%s", (_sentence, traceparent, sampled) => {
    const span = next(traceparent, "a=1,b=2", 0);
    expect(span).toMatchObject({ traceId: TRACE, sampled });
    expect(span.spanId).not.toBe(PARENT);
    expect(span.fields).toBe(`traceparent: 00-${TRACE}-${span.spanId}-${sampled ? "01" : "00"}\r\ntracestate: a=1,b=2\r\n`);
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
  expect(next("", "", 0).sampled).toBe(false);
  const sampled = Array.from({ length: 2000 }, () => next("", "", 0.25)).filter((span) => span.sampled).length;
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
