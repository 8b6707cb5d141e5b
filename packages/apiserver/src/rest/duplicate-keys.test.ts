import fc from "fast-check";
import { expect, test } from "vitest";
import { countJsonFields, duplicateJsonKeys, duplicateYamlKeys } from "./duplicate-keys.ts";

test.each([
  ['{"a":1,"b":{"a":1}}', []],
  ['{"a":1,"a":2}', ['duplicate field "a"']],
  ['{"spec":{"list":[{"x":1},{"x":1,"y":{},"x":[]}]}}', ['duplicate field "spec.list[1].x"']],
  ['[[{}, {"a":[1,2],"a":1}]]', ['duplicate field "[0][1].a"']],
  ['{"a":"x,\\"a\\":1","b":["a","a"]}', []],
  ['{"\\u0061":1,"a":1}', ['duplicate field "a"']],
  ['{"a":{"b":1},"a":{"b":1,"b":2}}', ['duplicate field "a"', 'duplicate field "a.b"']],
])("%s", (text, expected) => {
  expect(duplicateJsonKeys(text)).toEqual(expected);
});

test("fields are counted as often as they are in the text, whatever its strings look like", () => {
  expect(countJsonFields('{"a":{"b:":"\\":","c":[{},{"d":1}]},"a":{"b:":":"}}')).toBe(6);
  const fieldsOf = (value: unknown): number =>
    typeof value !== "object" || value === null
      ? 0
      : Object.values(value).reduce((sum: number, item) => sum + fieldsOf(item), Array.isArray(value) ? 0 : Object.keys(value).length);
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
      expect(countJsonFields(JSON.stringify(value, null, indent))).toBe(fieldsOf(value));
    }),
    { numRuns: 300 },
  );
});

test("what JSON.stringify writes has none, whatever it is", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(duplicateJsonKeys(JSON.stringify(JSON.parse(text)))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("one key more than an object has is found wherever it is put", () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
  fc.assert(
    fc.property(object, fc.nat(), (value, at) => {
      const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${JSON.stringify(item)}`);
      const twice = [...entries, entries[at % entries.length]].join(" , ");
      expect(duplicateJsonKeys(`{"r":{${twice}}}`)).toHaveLength(1);
    }),
    { numRuns: 300 },
  );
});

test("of YAML, with the line", () => {
  expect(duplicateYamlKeys("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 2\n").sort()).toEqual([
    'line 5: key "c" already set in map',
    'line 6: key "a" already set in map',
  ]);
  expect(duplicateYamlKeys("a: [{b: 1}, {b: 1}]")).toEqual([]);
});
