import { isDeepStrictEqual } from "node:util";
import type { Json } from "@ebb/kube";
import fc from "fast-check";
import { expect, test } from "vitest";
import { deepFreeze } from "./freeze.ts";
import { SharedValues } from "./share-values.ts";

test("what has not changed is the very object that was there before", () => {
  const before = deepFreeze({ spec: { a: [1, { b: "x" }] }, status: { conditions: [{ type: "Ready", status: "True" }] } });
  const next = { status: { conditions: [{ type: "Ready", status: "False" }] }, spec: { a: [1, { b: "x" }] } };
  const shared = new SharedValues().share(before, next);
  expect(shared).toEqual(next);
  expect(shared.spec).toBe(before.spec);
  expect(shared.status).not.toBe(before.status);
});

test("property: the value is the same, and is the one before exactly if both are equal", () => {
  const values = new SharedValues();
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.boolean(), (a, b, equal) => {
      const before = deepFreeze(JSON.parse(JSON.stringify(a)) as Json);
      const text = JSON.stringify(equal ? a : b);
      const shared = values.share(before, JSON.parse(text) as Json);
      expect(shared).toEqual(JSON.parse(text));
      expect(Object.is(shared, before)).toBe(isDeepStrictEqual(JSON.parse(text), before));
    }),
    { numRuns: 500 },
  );
});

test("a key that is called like a prototype is a key like others", () => {
  const parse = () => JSON.parse('{"__proto__":{"a":"1"},"constructor":{"b":"2"}}') as Json;
  const before = deepFreeze(parse());
  expect(new SharedValues().share(before, parse())).toBe(before);
  expect(JSON.stringify(new SharedValues().share(deepFreeze({}), parse()))).toBe(JSON.stringify(parse()));
});
