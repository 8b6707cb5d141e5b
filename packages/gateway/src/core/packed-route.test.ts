import fc from "fast-check";
import { expect, test } from "vitest";
import type { HostRule, RouteEntry, RouteRule } from "../route-table.ts";
import { packHost, rulesOf } from "./packed-route.ts";
import { RouteIndex } from "./route-index.ts";

const rule: fc.Arbitrary<RouteRule> = fc.record({
  name: fc.string(),
  matches: fc.array(fc.record({ uri: fc.record({ prefix: fc.string({ unit: "binary" }) }) })),
  action: fc.record({
    type: fc.constant("respond" as const),
    status: fc.integer({ min: 200, max: 599 }),
    body: fc.string({ unit: "binary" }),
  }),
});
const host: fc.Arbitrary<HostRule> = fc.record(
  {
    host: fc.string(),
    visibility: fc.constantFrom("external" as const, "cluster-local" as const),
    splits: fc.array(fc.record({ revision: fc.string(), percent: fc.nat(100) })),
    setHeaders: fc.dictionary(fc.string(), fc.string()),
    redirectToTls: fc.boolean(),
    rules: fc.array(rule),
    policy: fc.constant({ affinity: { cookie: "c", seconds: 1 } }),
  },
  { requiredKeys: ["host", "visibility", "splits", "setHeaders"] },
);
const entry: fc.Arbitrary<RouteEntry> = fc.record(
  { key: fc.string(), hash: fc.string(), order: fc.string(), hosts: fc.array(host) },
  { requiredKeys: ["key", "hash", "hosts"] },
);

test("an entry comes out of an index as it went in", () => {
  fc.assert(
    fc.property(entry, (given) => {
      const index = new RouteIndex();
      index.put(given);
      expect(sorted(index.entries)).toEqual(sorted([given]));
    }),
  );
});

test("rules are the same each time they are asked for, and none where there are none", () => {
  const rules: RouteRule[] = [{ name: "r", matches: [], action: { type: "respond", status: 200, body: "ü" } }];
  const given: HostRule = { host: "a.test", visibility: "external", splits: [], setHeaders: {}, rules };
  const packed = packHost(given);
  expect([rulesOf(packed), rulesOf(packed)]).toEqual([rules, rules]);
  expect(rulesOf({ rules: undefined })).toEqual([]);
});

/** Keys in one order, at all depths. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, content]) => [name, sorted(content)]);
}
