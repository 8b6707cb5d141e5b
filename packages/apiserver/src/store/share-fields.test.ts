import type { KubeObject } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { deepFreeze } from "./freeze.ts";
import { SharedFields } from "./share-fields.ts";
import { SharedValues } from "./share-values.ts";

interface Entry {
  fieldsV1: Record<string, Record<string, unknown>>;
}

test("equal trees and equal parts of trees are one object, whoever brings them", () => {
  const fields = new SharedFields(new SharedValues());
  const shared = (fieldsV1: object) => {
    const object = { metadata: { name: "a", managedFields: [{ manager: "m", fieldsV1 }] } } as unknown as KubeObject;
    fields.share(object);
    return object.metadata.managedFields?.[0] as Entry;
  };
  const tree = () => ({ "f:spec": { ".": {}, "f:a": { "f:b": {} } }, "f:data": { "f:x": {} } });
  const [one, two] = [shared(tree()), shared(tree())];
  expect(one).toEqual({ manager: "m", fieldsV1: tree() });
  expect(two.fieldsV1).toBe(one.fieldsV1);
  const other = shared({ ...tree(), "f:more": {} });
  expect(other.fieldsV1).toEqual({ ...tree(), "f:more": {} });
  expect(other.fieldsV1["f:spec"]).toBe(one.fieldsV1["f:spec"]);
  expect(Object.isFrozen(other.fieldsV1["f:data"])).toBe(true);
});

const ownedBy = (...uids: string[]) => {
  const owners = Object.fromEntries([[".", {}], ...uids.map((uid) => [`k:${JSON.stringify({ uid })}`, {}])]);
  const fieldsV1 = { "f:metadata": { "f:labels": { "f:app": {} }, "f:ownerReferences": owners }, "f:spec": { "f:a": {} } };
  return { manager: "m", time: "2026-01-01T00:00:00Z", fieldsV1 };
};

describe("what names its owner", () => {
  const fields = new SharedFields(new SharedValues());
  const shared = (...uids: string[]) => {
    const object = { metadata: { name: "a", managedFields: [ownedBy(...uids)] } } as unknown as KubeObject;
    fields.share(object);
    const [entry] = object.metadata.managedFields as [Entry];
    return entry;
  };

  test.each([[["1"]], [["1", "2"]], [['"}']], [[""]]])("is what it was, whatever is done with it: %j", (uids) => {
    const entry = deepFreeze(shared(...uids));
    expect(entry).toEqual(ownedBy(...uids));
    expect({ ...entry }).toEqual(ownedBy(...uids));
    expect(JSON.parse(JSON.stringify(entry))).toEqual(ownedBy(...uids));
    expect(Object.keys(entry).sort()).toEqual(["fieldsV1", "manager", "time"]);
    expect(Object.isFrozen(entry.fieldsV1["f:metadata"])).toBe(true);
  });

  test("shares its other parts with others", () => {
    for (const [one, two] of [
      [shared("1"), shared("2")],
      [shared("1", "2"), shared("1", "3")],
    ] as const) {
      expect(two.fieldsV1["f:spec"]).toBe(one.fieldsV1["f:spec"]);
      expect(two.fieldsV1["f:metadata"]?.["f:labels"]).toBe(one.fieldsV1["f:metadata"]?.["f:labels"]);
    }
  });

  test("is shared again as it is: a state that differs elsewhere has it unchanged", () => {
    const values = new SharedValues();
    const before = deepFreeze({ managedFields: [shared("1")], a: 1 });
    const next = values.share(before, { managedFields: [shared("1")], a: 2 });
    expect(next.managedFields).toBe(before.managedFields);
    expect(values.share(before, { managedFields: [shared("2")], a: 1 }).managedFields).toEqual([ownedBy("2")]);
  });
});
