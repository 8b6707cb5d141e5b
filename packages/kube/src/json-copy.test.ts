import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonCopy } from "./json-copy.ts";

describe("jsonCopy", () => {
  test("is what JSON is read back to", () => {
    const names = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString"));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, undefined, true, "", -0, Number.NaN, Number.POSITIVE_INFINITY),
        fc.double(),
        fc.string(),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(names, tie("value"), { maxKeys: 4 }),
      ),
    }));
    const text = (it: unknown) => JSON.stringify(it);
    fc.assert(
      fc.property(fc.dictionary(names, value), (it) => {
        const copied = jsonCopy(it);
        expect(text(copied)).toBe(text(it));
        expect(Object.getPrototypeOf(copied)).toBe(Object.prototype);
        expect(copied).toEqual(JSON.parse(text(it)));
      }),
    );
  });

  test("is nobody else's, but for what is frozen", () => {
    const frozen = Object.freeze({ of: "the store" });
    const own = { list: [{ a: 1 }], frozen };
    const copied = jsonCopy(own);
    expect(copied).toEqual(own);
    expect(copied).not.toBe(own);
    expect(copied.list[0]).not.toBe(own.list[0]);
    expect(copied.frozen).toBe(frozen);
  });
});
