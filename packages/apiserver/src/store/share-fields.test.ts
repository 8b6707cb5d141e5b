import type { KubeObject } from "@ebb/kube";
import { expect, test } from "vitest";
import { SharedFields } from "./share-fields.ts";

interface Entry {
  fieldsV1: Record<string, Record<string, unknown>>;
}

test("equal trees and equal parts of trees are one object, whoever brings them", () => {
  const fields = new SharedFields();
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

test("what names its owner is one object's, and shares its other parts", () => {
  const fields = new SharedFields();
  const shared = (uid: string) => {
    const owners = { ".": {}, [`k:{"uid":"${uid}"}`]: {} };
    const fieldsV1 = { "f:metadata": { "f:labels": { "f:app": {} }, "f:ownerReferences": owners }, "f:spec": { "f:a": {} } };
    const object = { metadata: { name: "a", managedFields: [{ manager: "m", fieldsV1 }] } } as unknown as KubeObject;
    fields.share(object);
    const [entry] = object.metadata.managedFields as [Entry];
    return entry.fieldsV1;
  };
  const [one, two] = [shared("1"), shared("2")];
  expect(Object.keys(two["f:metadata"]?.["f:ownerReferences"] ?? {})).toEqual([".", 'k:{"uid":"2"}']);
  expect(two["f:spec"]).toBe(one["f:spec"]);
  expect(two["f:metadata"]?.["f:labels"]).toBe(one["f:metadata"]?.["f:labels"]);
});
