import { expect, test } from "vitest";
import { constraintCauses } from "./custom/constraints.ts";
import { ConfigMaps } from "./kinds/core.ts";
import type { Schema } from "./schema.ts";
import { invalid, newCauses } from "./status-errors.ts";

const schema: Schema = {
  type: "object",
  properties: {
    motto: { type: "string", maxLength: 3 },
    hosts: { type: "array", maxItems: 1, items: { type: "string" } },
    sizes: { type: "object", maxProperties: 1, additionalProperties: { type: "integer" } },
    replicas: { type: "integer", maximum: 10 },
  },
};
const OLD: { motto: string; hosts: string[]; sizes: Record<string, number>; replicas: number } = {
  motto: "too long",
  hosts: ["a", "b"],
  sizes: { a: 1, b: 2 },
  replicas: 11,
};

test.each<[what: string, value: typeof OLD, wrong: string[]]>([
  ["what was as wrong before is forgiven", OLD, []],
  ["another text that is too long is not", { ...OLD, motto: "as long!" }, ["motto"]],
  ["nor as many items, one of them another", { ...OLD, hosts: ["a", "c"] }, ["hosts"]],
  ["nor as many fields", { ...OLD, sizes: { a: 1, c: 2 } }, ["sizes"]],
  ["nor another number out of bounds", { ...OLD, replicas: 12 }, ["replicas"]],
])("of a change, %s", (_, value, wrong) => {
  const causes = newCauses(constraintCauses(schema, value), () => constraintCauses(schema, OLD));
  expect(causes.map(({ field }) => field)).toEqual(wrong);
});

test("a client is not sent the value itself", () => {
  const { statusDetails } = invalid(ConfigMaps, "m", constraintCauses(schema, { motto: "secret" }));
  expect(statusDetails?.causes).toEqual([
    { reason: "FieldValueTooLong", message: "Too long: may not be more than 3 bytes", field: "motto" },
  ]);
});
