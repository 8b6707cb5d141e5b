import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sameJson } from "./same-json.ts";

/** Few names and values, so that two of them are often alike. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, 0, 1, "", "a"),
    fc.array(tie("any"), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("a", "b", "toString"), fc.oneof(tie("any"), fc.constant(undefined)), { maxKeys: 2 }),
  ),
})).any;

test("two values are the same where their JSON has the same fields", () => {
  const read = (it: unknown): unknown => JSON.parse(JSON.stringify(it));
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(sameJson(a, b)).toBe(isDeepStrictEqual(read(a), read(b)));
    }),
    { numRuns: 2000 },
  );
});

test("a value is the same as what its JSON is read to", () => {
  fc.assert(
    fc.property(value, (a) => {
      expect(sameJson(a, JSON.parse(JSON.stringify(a)))).toBe(true);
    }),
  );
});
