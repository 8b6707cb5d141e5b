import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonPatch, mergeDifference, mergePatch, type Json, type JsonObject } from "./patch.ts";
import { formatLabelSelector, parseLabelSelector } from "./label-selector.ts";
import { schemaOf } from "./schemas.ts";
import { strategicMergePatch } from "./strategic-merge-patch.ts";

const POD = schemaOf({ group: "", version: "v1", kind: "Pod" });
const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean());
const name = fc.constantFrom("a", "b", "c", "d");
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie("value"), { maxLength: 3 }), fc.dictionary(name, tie("value"))),
}));
const root = fc.dictionary(name, value) as fc.Arbitrary<JsonObject>;

test("the merge patch from one object to another leads there, and a second time nowhere", () => {
  fc.assert(
    fc.property(root, root, (from, to) => {
      const patch = mergeDifference(from, to) ?? {};
      expect(mergePatch(from, patch)).toEqual(to);
      expect(mergePatch(to, patch)).toEqual(to);
    }),
    { numRuns: 300 },
  );
});

test("a JSON patch that replaces, adds and removes each field leads from one object to another and leaves the first as it was", () => {
  fc.assert(
    fc.property(root, root, (from, to) => {
      const before = structuredClone(from);
      const removals = Object.keys(from).filter((key) => !Object.hasOwn(to, key));
      const patch = [
        ...Object.entries(from).map(([key, item]) => ({ op: "test", path: `/${key}`, value: item })),
        ...removals.map((key) => ({ op: "remove", path: `/${key}` })),
        ...Object.entries(to).map(([key, item]) => ({ op: Object.hasOwn(from, key) ? "replace" : "add", path: `/${key}`, value: item })),
      ];
      expect(jsonPatch(from, patch)).toEqual(to);
      expect(from).toEqual(before);
    }),
    { numRuns: 300 },
  );
});

interface Container {
  name: string;
  image?: string;
  env?: { name: string; value: string }[];
}
const named = <T extends object>(more: fc.Arbitrary<T>) =>
  fc.uniqueArray(
    fc.tuple(name, more).map(([key, rest]) => ({ name: key, ...rest })),
    { selector: (item) => item.name, minLength: 1 },
  );
const containers: fc.Arbitrary<Container[]> = named(
  fc.record({ image: fc.constantFrom("i", "j"), env: named(fc.record({ value: fc.constantFrom("1", "2") })) }, { requiredKeys: [] }),
);
const podOf = (list: Container[]) => ({ spec: { containers: list } }) as unknown as JsonObject;
const containersOf = (pod: JsonObject) => (pod["spec"] as unknown as { containers: Container[] }).containers;

/** What kubectl makes: each list with its order, and a deletion for what is gone. */
function strategicDifference(from: Container[], to: Container[]): JsonObject {
  const gone = from.filter((one) => !to.some((other) => other.name === one.name)).map((one) => ({ name: one.name, $patch: "delete" }));
  const changed = to.map((one) => {
    const before = from.find((other) => other.name === one.name);
    const dropped = Object.keys(before ?? {}).filter((key) => !Object.hasOwn(one, key));
    const env = (before?.env ?? []).filter((other) => !one.env?.some((variable) => variable.name === other.name));
    return {
      ...one,
      ...Object.fromEntries(dropped.map((key) => [key, null])),
      ...(one.env
        ? {
            env: [...one.env, ...env.map((other) => ({ name: other.name, $patch: "delete" }))],
            "$setElementOrder/env": one.env.map((variable) => ({ name: variable.name })),
          }
        : {}),
    };
  });
  const order = to.map((one) => ({ name: one.name }));
  return { spec: { "$setElementOrder/containers": order, containers: [...changed, ...gone] } };
}

test("the strategic merge patch from one list of containers to another leads there, in its order, and a second time nowhere", () => {
  fc.assert(
    fc.property(containers, containers, (from, to) => {
      const patch = strategicDifference(from, to);
      const once = strategicMergePatch(podOf(from), patch, POD);
      expect(containersOf(once)).toEqual(to);
      expect(strategicMergePatch(once, patch, POD)).toEqual(once);
    }),
    { numRuns: 300 },
  );
});

test("a label selector that is written as text selects the same", () => {
  const labels = fc.dictionary(name, fc.constantFrom("1", "2", ""));
  const expression = fc.oneof(
    fc.record({ key: name, operator: fc.constantFrom("In", "NotIn"), values: fc.uniqueArray(fc.constantFrom("1", "2"), { minLength: 1 }) }),
    fc.record({ key: name, operator: fc.constantFrom("Exists", "DoesNotExist") }),
  );
  fc.assert(
    fc.property(labels, fc.array(expression), labels, (matchLabels, matchExpressions, actual) => {
      const has = (key: string) => Object.hasOwn(actual, key);
      const wanted =
        Object.entries(matchLabels).every(([key, wish]) => has(key) && actual[key] === wish) &&
        matchExpressions.every(({ key, operator, ...rest }) => {
          const values = "values" in rest ? (rest.values as string[]) : [];
          if (operator === "Exists" || operator === "DoesNotExist") return has(key) === (operator === "Exists");
          return (has(key) && values.includes(actual[key] ?? "")) === (operator === "In");
        });
      expect(parseLabelSelector(formatLabelSelector({ matchLabels, matchExpressions }))(actual)).toBe(wanted);
    }),
    { numRuns: 300 },
  );
});
