import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../patch.ts";
import { integer, list, object, text, textMap, type Schema } from "../schema.ts";
import { isStatus } from "../status-error.ts";
import {
  childrenOf,
  difference,
  intersection,
  isEmptySet,
  NO_FIELDS,
  pathsOf,
  setOf,
  sortedSet,
  union,
  type FieldSet,
} from "./field-set.ts";
import type { ManagedFieldsEntry } from "./managed-fields.ts";
import { fieldsOf, withNamedFields } from "./object-fields.ts";
import { mergeApplied } from "./merge.ts";
import { applyConfiguration, trackUpdate, type Applied } from "./track.ts";

const SCHEMA: Schema = object({
  number: integer,
  nested: object({ a: integer, b: integer }),
  map: textMap,
  items: {
    ...list(object({ name: text, value: integer, more: textMap }, "name")),
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
  },
  values: { ...list(text), "x-kubernetes-list-type": "set" },
  whole: list(integer),
});
const EMPTY: Applied = { object: { metadata: {} }, entries: [] };

function tracked(state: Applied, manager: string, operation: "Apply" | "Update") {
  return {
    schema: SCHEMA,
    live: state.object,
    entries: state.entries,
    manager: { manager, operation, apiVersion: "v1" },
    now: "2026-01-01T00:00:00Z",
  };
}
const applied = (state: Applied, manager: string, config: JsonObject, force: boolean) =>
  applyConfiguration({ ...tracked(state, manager, "Apply"), applied: config, force });
const updated = (state: Applied, manager: string, next: JsonObject): Applied => ({
  object: { metadata: {}, ...next },
  entries: trackUpdate(tracked(state, manager, "Update"), { metadata: {}, ...next }),
});

const key = fc.constantFrom("x", "y", "z");
const small = fc.integer({ min: 0, max: 2 });
const texts = fc.dictionary(key, fc.constantFrom("1", "2"), { minKeys: 1 });
const content = fc.record(
  {
    number: small,
    // Not empty: an apply that empties an object leaves null, as upstream's does, where one of an empty object would have left that.
    nested: fc.oneof(fc.record({ a: small, b: small }), fc.record({ a: small }), fc.record({ b: small })),
    map: texts,
    items: fc.uniqueArray(fc.record({ name: key, value: small, more: texts }, { requiredKeys: ["name"] }), {
      selector: ({ name }) => name,
      minLength: 1,
    }),
    values: fc.uniqueArray(key, { minLength: 1 }),
    whole: fc.array(small, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;
const step = fc.record({ apply: fc.boolean(), manager: fc.constantFrom("ann", "bob", "cy"), content, force: fc.boolean() });

/** Every set is of fields that the object has: nobody owns what is not there. */
function checkOwned({ object: state, entries }: Applied): void {
  const there = withNamedFields(SCHEMA, fieldsOf(SCHEMA, state));
  for (const { fieldsV1 } of entries) expect(pathsOf(difference(fieldsV1, there))).toEqual([]);
}

test("whatever is applied and updated: what was applied is there, again changes nothing, and what others own stays as it is", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let state = EMPTY;
      for (const { apply, manager, content: wanted, force } of steps) {
        const before = state;
        if (!apply) state = updated(before, manager, wanted);
        else {
          const forced = applied(before, manager, wanted, true);
          // A conflict is what a forced apply takes from others. What goes with an item that its applier gives up is none.
          const left = withNamedFields(SCHEMA, fieldsOf(SCHEMA, forced.object));
          const free = others(before, manager).every(({ fieldsV1 }, at) => {
            const lost = difference(fieldsV1, others(forced, manager)[at]?.fieldsV1 ?? NO_FIELDS);
            return isEmptySet(intersection(lost, left));
          });
          const outcome = attempt(before, manager, wanted, force);
          expect(outcome !== undefined).toBe(force || free);
          if (!outcome) continue;
          state = outcome;
          expect(mergeApplied(SCHEMA, state.object, wanted)).toEqual(state.object);
          expect(applied(state, manager, wanted, false)).toEqual(state);
        }
        checkOwned(state);
      }
    }),
    { numRuns: 100 },
  );
});

/** Of all other managers of either sort, in a fixed order; those that own nothing as owning nothing. */
function others({ entries }: Applied, manager: string): Pick<ManagedFieldsEntry, "fieldsV1">[] {
  const all = ["ann", "bob", "cy"].flatMap((name) => [["Apply", name] as const, ["Update", name] as const]);
  return all
    .filter(([operation, name]) => operation !== "Apply" || name !== manager)
    .map(
      ([operation, name]) => entries.find((entry) => entry.operation === operation && entry.manager === name) ?? { fieldsV1: NO_FIELDS },
    );
}

function attempt(state: Applied, manager: string, config: JsonObject, force: boolean): Applied | undefined {
  try {
    return applied(state, manager, config, force);
  } catch (error) {
    if (isStatus(error, "Conflict")) return undefined;
    throw error;
  }
}

interface Owned {
  value: string;
  owners: Set<string>;
}

/** Of one flat map, what apply and update mean, key by key. */
function modelOf(model: Map<string, Owned>, { apply, manager, map }: { apply: boolean; manager: string; map: Record<string, string> }) {
  const id = `${manager} ${apply ? "Apply" : "Update"}`;
  for (const name of model.keys()) {
    const owned = model.get(name);
    if (Object.hasOwn(map, name) || !owned) continue;
    if (apply && owned.owners.delete(id) && owned.owners.size === 0) model.delete(name);
    if (!apply) model.delete(name);
  }
  for (const [name, value] of Object.entries(map)) {
    const owned = model.get(name);
    if (owned?.value !== value) model.set(name, { value, owners: new Set([id]) });
    else if (apply) owned.owners.add(id);
  }
}

test("a map is owned key by key as in a model of it", () => {
  const change = fc.record({
    apply: fc.boolean(),
    manager: fc.constantFrom("ann", "bob"),
    map: fc.dictionary(key, fc.constantFrom("1", "2")),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 15 }), (changes) => {
      let state = EMPTY;
      const model = new Map<string, Owned>();
      for (const one of changes) {
        const config: JsonObject = Object.keys(one.map).length > 0 ? { map: one.map } : {};
        state = one.apply ? applied(state, one.manager, config, true) : updated(state, one.manager, config);
        modelOf(model, one);
        expect(state.object["map"] ?? {}).toEqual(Object.fromEntries([...model].map(([name, { value }]) => [name, value])));
        for (const [name, { owners }] of model) expect(ownersOf(state, name)).toEqual([...owners].sort());
      }
    }),
    { numRuns: 200 },
  );
});

function ownersOf({ entries }: Applied, name: string): string[] {
  const holders = entries.filter(({ fieldsV1 }) => !isEmptySet(intersection(fieldsV1, setOf(["f:map", `f:${name}`]))));
  return holders.map(({ manager, operation }) => `${manager} ${operation}`).sort();
}

test("sets of fields are sets: by their paths", () => {
  const set = fc
    .array(fc.array(fc.constantFrom("f:a", "f:b", 'k:{"n":"1"}'), { minLength: 1, maxLength: 3 }))
    .map((paths) => setOf(...paths));
  const pathTexts = (fields: FieldSet) => pathsOf(fields).map((path) => path.join(" "));
  fc.assert(
    fc.property(set, set, (a, b) => {
      const [left, right] = [new Set(pathTexts(a)), new Set(pathTexts(b))];
      expect(new Set(pathTexts(union(a, b)))).toEqual(left.union(right));
      expect(new Set(pathTexts(intersection(a, b)))).toEqual(left.intersection(right));
      expect(new Set(pathTexts(difference(a, b)))).toEqual(left.difference(right));
      expect(sortedSet(union(a, b))).toEqual(sortedSet(setOf(...pathsOf(b), ...pathsOf(a))));
      expect(childrenOf(union(a, b)).every(([element]) => element !== ".")).toBe(true);
    }),
    { numRuns: 300 },
  );
});
