import { describe, expect, test } from "vitest";
import type { Json } from "../patch.ts";
import type { Schema, ValidationRule } from "../schema.ts";
import { ruleDefinitionCauses } from "./admit-rules.ts";
import { compile } from "./compile.ts";
import { ruleCauses } from "./schema-rules.ts";

function texts(causes: readonly { field: string; message: string }[]): string[] {
  return causes.map(({ field, message }) => `${field}: ${message}`);
}

describe("expressions of Kubernetes' CEL", () => {
  const self = new Map<string, unknown>([
    ["name", "web-1"],
    ["count", 3n],
    ["ratio", 0.5],
    ["list", [1n, 2n, 3n]],
  ]);
  test.each([
    ["self.count == 3 && self.count == 3.0", true],
    ["has(self.none)", false],
    ["self.?none.orValue('x') == 'x'", true],
    ["self.count < 5 || self.none > 1", true],
    ["self.name.matches('^[a-z]+-[0-9]$') && !self.name.matches('^web$')", true],
    ["matches(self.name, 'b')", true],
    ["self.name.find('[0-9]+')", "1"],
    ["'a1b22'.findAll('[0-9]+')", ["1", "22"]],
    ["self.name.replace('web', 'app')", "app-1"],
    ["'%s has %d, %.2f'.format([self.name, self.count, self.ratio])", "web-1 has 3, 0.50"],
    ["self.list.all(x, x > 0) && self.list.exists_one(x, x == 2)", true],
    ["self.list.filter(x, x > 1).map(x, x * 2)", [4n, 6n]],
    ["self.list.sum() == 6 && self.list.min() == 1 && self.list.max() == 3 && self.list.isSorted()", true],
    ["self.list.indexOf(2)", 1n],
    ["sets.contains(self.list, [1, 3]) && !sets.intersects(self.list, [9])", true],
    ["quantity('1Gi').isGreaterThan(quantity('500Mi')) && quantity('1500m').add(quantity('500m')).asInteger() == 2", true],
    ["isQuantity('1x') || isIP('1.2.3') || isCIDR('10.0.0.0/33') || isURL('a b')", false],
    ["cidr('10.0.0.0/8').containsIP('10.1.2.3') && ip('::1').family() == 6", true],
    ["url('https://example.com:8443/a').getPort()", "8443"],
    ["duration('90m') > duration('1h')", true],
  ])("%s", (expression, expected) => {
    expect(compile(expression, ["self"]).run({ self })).toEqual(expected);
  });

  test.each([
    ["self.", /^Syntax error: Expected IDENTIFIER, got EOF/],
    ["other == 1", /other/],
    ["self.list.toSet()", /toSet/],
    ["nothing(self)", /nothing/],
    ["'a'.bind('b')", /bind/],
    ["1 + 'a' == 2", /no such overload/],
    [`${"(".repeat(100)}true${")".repeat(100)}`, /maxDepth/],
    ["x".repeat(20_000), /at most/],
  ])("%s is refused", (expression, why) => {
    expect(() => compile(expression, ["self"])).toThrow(why);
  });
});

describe("rules of a schema", () => {
  const schemaWith = (rule: Partial<ValidationRule>, where: "root" | "spec" | "item" = "spec"): Schema => {
    const rules = [{ rule: "true", ...rule }];
    const at = (place: string) => (place === where ? { "x-kubernetes-validations": rules } : {});
    const item: Schema = {
      type: "object",
      properties: { key: { type: "string" }, size: { type: "integer" } },
      ...at("item"),
    };
    const spec: Schema = {
      type: "object",
      properties: {
        min: { type: "integer" },
        max: { type: "integer" },
        ratio: { type: "number" },
        "a-b": { type: "string" },
        until: { type: "string", format: "date-time" },
        port: { "x-kubernetes-int-or-string": true },
        labels: { type: "object", additionalProperties: { type: "string" } },
        items: { type: "array", items: item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["key"] },
      },
      ...at("spec"),
    };
    return { type: "object", properties: { spec, metadata: { type: "object" } }, ...at("root") };
  };
  const object = (spec: Json, name = "a"): Json => ({ apiVersion: "x/v1", kind: "X", metadata: { name, labels: {} }, spec });
  const rows: [says: string, rule: Partial<ValidationRule>, spec: Json, old: Json | undefined, expected: string[]][] = [
    ["one that holds says nothing", { rule: "self.min <= self.max" }, { min: 1, max: 2 }, undefined, []],
    [
      "one that fails is named",
      { rule: "self.min <= self.max" },
      { min: 3, max: 2 },
      undefined,
      ['spec: Invalid value: "object": failed rule: self.min <= self.max'],
    ],
    ["with its message", { rule: "self.min > 1", message: "more!" }, { min: 1 }, undefined, ['spec: Invalid value: "object": more!']],
    [
      "or what its expression says",
      { rule: "self.min > 1", message: "no", messageExpression: "'got ' + string(self.min)" },
      { min: 1 },
      undefined,
      ['spec: Invalid value: "object": got 1'],
    ],
    [
      "or the message, if that fails",
      { rule: "self.min > 1", message: "no", messageExpression: "self.none" },
      { min: 1 },
      undefined,
      ['spec: Invalid value: "object": no'],
    ],
    [
      "at a field, for a reason",
      { rule: "self.min > 1", message: "m", reason: "FieldValueForbidden", fieldPath: ".min" },
      { min: 1 },
      undefined,
      ["spec.min: Forbidden: m"],
    ],
    [
      "a field that is not there is an error",
      { rule: "self.max > 1" },
      { min: 1 },
      undefined,
      ['spec: Invalid value: "object": No such key: max evaluating rule: failed rule: self.max > 1'],
    ],
    [
      "numbers are doubles where the schema says so",
      { rule: "self.ratio == 1.0 && type(self.ratio) == double" },
      { ratio: 1 },
      undefined,
      [],
    ],
    ["names are escaped", { rule: "self.a__dash__b == 'x'" }, { "a-b": "x" }, undefined, []],
    ["times are times", { rule: "self.until > timestamp('2026-01-01T00:00:00Z')" }, { until: "2026-06-01T00:00:00Z" }, undefined, []],
    ["a number or a text", { rule: "type(self.port) == int ? self.port < 100 : self.port.endsWith('%')" }, { port: "5%" }, undefined, []],
    ["maps by their keys", { rule: "self.labels.all(k, k.startsWith('x'))" }, { labels: { x1: "a" } }, undefined, []],
    [
      "a change is judged",
      { rule: "self.min >= oldSelf.min" },
      { min: 1 },
      { min: 2 },
      ['spec: Invalid value: "object": failed rule: self.min >= oldSelf.min'],
    ],
    ["but not a creation", { rule: "self.min >= oldSelf.min" }, { min: 1 }, undefined, []],
    [
      "unless the old one is optional",
      { rule: "oldSelf.hasValue() || self.min == 0", optionalOldSelf: true },
      { min: 1 },
      undefined,
      ['spec: Invalid value: "object": failed rule: oldSelf.hasValue() || self.min == 0'],
    ],
    ["what has not changed is let be", { rule: "self.min > 5" }, { min: 1 }, { min: 1 }, []],
  ];
  test.each(rows)("%s", (...[, rule, spec, old, expected]) => {
    expect(texts(ruleCauses(schemaWith(rule), object(spec), old === undefined ? undefined : object(old)))).toEqual(expected);
  });

  test("items of a list by keys find the ones that they were", () => {
    const schema = schemaWith({ rule: "self.size >= oldSelf.size", message: "only grows" }, "item");
    const before = object({
      items: [
        { key: "a", size: 1 },
        { key: "b", size: 5 },
      ],
    });
    const after = object({
      items: [
        { key: "b", size: 4 },
        { key: "c", size: 0 },
        { key: "a", size: 2 },
      ],
    });
    expect(texts(ruleCauses(schema, after, before))).toEqual(['spec.items[0]: Invalid value: "object": only grows']);
  });

  test("at the root, names are all that is seen of the metadata", () => {
    const schema = schemaWith({ rule: "self.metadata.name == 'a' && !has(self.metadata.labels)" }, "root");
    expect(ruleCauses(schema, object({}), undefined)).toEqual([]);
    expect(texts(ruleCauses(schema, object({}, "b"), undefined))).toEqual([
      expect.stringContaining(': Invalid value: "object": failed rule: '),
    ]);
  });

  test("a rule that would take minutes is stopped", () => {
    const schema: Schema = {
      type: "object",
      properties: { list: { type: "array", items: { type: "integer" } } },
      "x-kubernetes-validations": [{ rule: "self.list.all(a, self.list.all(b, self.list.all(c, a + b + c >= 0)))" }],
    };
    const list = Array.from({ length: 2000 }, (_, index) => index);
    expect(texts(ruleCauses(schema, { list }, undefined))).toEqual([expect.stringContaining("running out of cost budget")]);
  });
});

describe("a definition's rules", () => {
  const schema: Schema = {
    type: "object",
    properties: { spec: { type: "object", properties: { a: { type: "integer" }, "b-c": { type: "string" } } } },
  };
  const rows: [rule: Partial<ValidationRule>, expected: string[]][] = [
    [{ rule: "self.spec.a > 1 && self.spec.b__dash__c == '' && self.metadata.name != ''" }, []],
    [{ rule: "" }, ["s.x-kubernetes-validations[0].rule: Required value: rule is not specified"]],
    [
      { rule: "self.spec.z > 1" },
      [`s.x-kubernetes-validations[0].rule: Invalid value: "self.spec.z > 1": compilation failed: undefined field 'z'`],
    ],
    [{ rule: "self.metadata.labels.x == ''" }, [expect.stringContaining("undefined field 'labels'")]],
    [{ rule: "size('a')" }, [expect.stringContaining("cel expression must evaluate to a bool")]],
    [{ rule: "true", messageExpression: "1 + 1" }, [expect.stringContaining("messageExpression must evaluate to a string")]],
    [{ rule: "true", message: "a\nb" }, [expect.stringContaining("message must not contain line breaks")]],
    [{ rule: "true", reason: "Why" }, [expect.stringContaining('s.x-kubernetes-validations[0].reason: Unsupported value: "Why"')]],
    [{ rule: "true", fieldPath: ".spec.q" }, [expect.stringContaining("does not refer to a valid field")]],
    [{ rule: "true", fieldPath: ".spec['b-c']" }, []],
    [{ rule: "true", optionalOldSelf: true }, [expect.stringContaining("may not be set if oldSelf is not used in rule")]],
  ];
  test.each(rows)("%j", (rule, expected) => {
    const ruled: Schema = { ...schema, "x-kubernetes-validations": [rule as ValidationRule] };
    expect(texts(ruleDefinitionCauses(ruled, "s", { root: true, correlated: true }))).toEqual(expected);
  });

  test("nothing can be told of the old value of what has no identity", () => {
    const ruled: Schema = { type: "string", "x-kubernetes-validations": [{ rule: "self == oldSelf" }] };
    expect(texts(ruleDefinitionCauses(ruled, "s.items", { root: false, correlated: false }))).toEqual([
      expect.stringContaining("oldSelf cannot be used on the uncorrelatable portion of the schema within s.items"),
    ]);
  });
});
