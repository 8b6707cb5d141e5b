import fc from "fast-check";
import { expect, test } from "vitest";
import { isValue } from "./bytes.ts";
import { endOfValue, startsWithWords, Words } from "./words.ts";

/** Those at the edges of what a value may have, and any. */
const byte = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 32, max: 126 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 9, 10, 13, 31, 32, 126, 127, 128, 159, 255) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
);

test("four bytes at once end a value where single ones do, wherever it begins and whatever is in it", () => {
  fc.assert(
    fc.property(
      fc.array(byte, { maxLength: 80 }),
      fc.nat({ max: 20 }),
      fc.nat({ max: 80 }),
      fc.nat({ max: 4 }),
      (values, start, length, skip) => {
        const memory = Uint8Array.from([0, 0, 0, 0, ...values]);
        const bytes = memory.subarray(skip);
        const end = Math.min(start + length, bytes.length);
        const from = Math.min(start, end);
        let expected = from;
        while (expected < end && isValue(bytes[expected] as number)) expected++;
        expect(endOfValue(bytes, new Words().of(bytes), from, end)).toBe(expected);
      },
    ),
    { numRuns: 500 },
  );
});

test("each byte alone among plain ones is found, in each place of a word", () => {
  for (let odd = 0; odd < 256; odd++) {
    for (let at = 0; at < 12; at++) {
      const bytes = new Uint8Array(16).fill(97);
      bytes[at] = odd;
      expect(endOfValue(bytes, new Words().of(bytes), 0, 16)).toBe(isValue(odd) ? 16 : at);
    }
  }
});

test("words are found where they are, and not behind the end", () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, index) => index);
  const memory = new Words().of(bytes);
  expect(startsWithWords(memory, 8, memory.slice(2, 5))).toBe(true);
  expect(startsWithWords(memory, 12, memory.slice(2, 5))).toBe(false);
  expect(startsWithWords(memory, 28, memory.slice(7, 8))).toBe(true);
  expect(startsWithWords(memory, 28, Int32Array.of(memory[7] as number, 0))).toBe(false);
});
