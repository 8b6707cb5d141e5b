import fc from "fast-check";
import { expect, test } from "vitest";
import { kindOfBytes, kindOfName } from "./known-fields.ts";

const NAMES = [
  "host",
  "connection",
  "content-length",
  "te",
  "expect",
  "traceparent",
  "tracestate",
  "b3",
  "x-b3-traceid",
  "x-b3-sampled",
  "x-forwarded-for",
  "http2-settings",
];
const token = fc.string({ unit: fc.constantFrom(..."abcdehostxpTE-_2^~!".split("")), minLength: 1, maxLength: 40 });
const cased = fc.constantFrom(...NAMES).chain((name) => fc.mixedCase(fc.constant(name)));

test("a name's bytes are of the kind that its text is of, in any case", () => {
  fc.assert(
    fc.property(fc.oneof(token, cased), (name) => {
      expect(kindOfBytes(Buffer.from(`: ${name}:`, "latin1"), 2, 2 + name.length)).toBe(kindOfName(name.toLowerCase()));
    }),
    { numRuns: 1000 },
  );
});
