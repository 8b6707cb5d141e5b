import { describe, expect, test } from "vitest";
import { admit } from "./admit.ts";
import { StorageClasses } from "./kinds/administration.ts";
import { PersistentVolumeClaims } from "./kinds/core.ts";
import { claimRefusal } from "./limit-range.ts";
import type { LimitRange } from "./core.ts";
import type { KubeObject } from "./meta.ts";
import { claimAmounts } from "./quota.ts";
import { defaultClass, type PersistentVolumeClaim, type StorageClass } from "./storage.ts";

type Spec = PersistentVolumeClaim["spec"];
const RIGHT: Spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, volumeMode: "Filesystem" };
const claim = (spec: Spec, status?: PersistentVolumeClaim["status"]): PersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "data" },
  spec,
  ...(status ? { status } : {}),
});
const sized = (storage: string): Spec => ({ ...RIGHT, resources: { requests: { storage } } });
const IMMUTABLE =
  "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

function refusal(object: KubeObject, old?: KubeObject): string | undefined {
  try {
    admit(PersistentVolumeClaims, object, { user: "ann", ...(old ? { old } : {}) });
    return undefined;
  } catch (error) {
    return (error as Error).message.replace('PersistentVolumeClaim "data" is invalid: ', "");
  }
}

describe("a claim is refused in Kubernetes' words", () => {
  test.each<[string, Spec, string | undefined]>([
    ["one that is right", { ...RIGHT, storageClassName: "local" }, undefined],
    ["no mode", { ...RIGHT, accessModes: [] }, "spec.accessModes: Required value: at least 1 access mode is required"],
    [
      "an unknown mode",
      { ...RIGHT, accessModes: ["Often"] },
      'spec.accessModes: Unsupported value: "Often": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    ],
    [
      "one Pod alone, and more",
      { ...RIGHT, accessModes: ["ReadWriteOncePod", "ReadOnlyMany"] },
      "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes",
    ],
    ["no size", { accessModes: ["ReadWriteOnce"] }, "spec.resources[storage]: Required value"],
    ["nothing", sized("0"), 'spec.resources[storage]: Invalid value: "0": must be greater than zero'],
    [
      "a strange kind of volume",
      { ...RIGHT, volumeMode: "Tape" },
      'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
    ],
  ])("%s", (_, spec, expected) => expect(refusal(claim(spec))).toBe(expected));

  test.each<[string, Spec, string | undefined, PersistentVolumeClaim["status"]]>([
    ["its volume, once", { ...RIGHT, volumeName: "pvc-1" }, undefined, { phase: "Pending" }],
    ["another class", { ...RIGHT, storageClassName: "fast" }, IMMUTABLE, { phase: "Bound" }],
    ["more, before it has any", sized("2Gi"), IMMUTABLE, { phase: "Pending" }],
    ["more", sized("2Gi"), undefined, { phase: "Bound" }],
    ["less", sized("1Mi"), "spec.resources.requests.storage: Forbidden: field can not be less than previous value", { phase: "Bound" }],
  ])("that asks for %s later", (_, spec, expected, status) => expect(refusal(claim(spec), claim(RIGHT, status))).toBe(expected));

  test("its mode is filled in", () => {
    const { volumeMode: _, ...spec } = RIGHT;
    expect(admit(PersistentVolumeClaims, claim(spec), { user: "ann" }).spec).toEqual(RIGHT);
  });
});

test("a claim counts by itself and within its class", () => {
  expect(claimAmounts(claim({ ...RIGHT, storageClassName: "local" }))).toEqual({
    persistentvolumeclaims: 1,
    "requests.storage": 2 ** 30,
    "local.storageclass.storage.k8s.io/persistentvolumeclaims": 1,
    "local.storageclass.storage.k8s.io/requests.storage": 2 ** 30,
  });
});

test.each([
  ["10Mi", "minimum storage usage per PersistentVolumeClaim is 100Mi, but request is 10Mi"],
  ["1Gi", undefined],
  ["3Gi", "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi"],
])("a LimitRange of claims: %s", (storage, expected) => {
  const limits = [{ type: "PersistentVolumeClaim", min: { storage: "100Mi" }, max: { storage: "2Gi" } }];
  const range: LimitRange = { apiVersion: "v1", kind: "LimitRange", metadata: { name: "l" }, spec: { limits } };
  expect(claimRefusal(claim(sized(storage)), [range])).toBe(expected);
});

describe("StorageClasses", () => {
  const storageClass = (name: string, more: Partial<StorageClass> = {}, marked = true): StorageClass => ({
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": String(marked) } },
    provisioner: "ebb.dev/local",
    ...more,
  });

  test("have defaults, and say for good where volumes come from", () => {
    const made = admit(StorageClasses, storageClass("a"), { user: "ann" });
    expect(made).toMatchObject({ reclaimPolicy: "Delete", volumeBindingMode: "Immediate" });
    const change = () => admit(StorageClasses, storageClass("a", { provisioner: "other" }), { user: "ann", old: made });
    expect(change).toThrow("provisioner: Forbidden: updates to provisioner are forbidden.");
  });

  test("the newest that is marked is the default", () => {
    const at = (name: string, creationTimestamp: string, marked = true) => {
      const made = storageClass(name, {}, marked);
      return { ...made, metadata: { ...made.metadata, creationTimestamp } };
    };
    const all = [at("old", "2026-01-01T00:00:00Z"), at("new", "2026-02-01T00:00:00Z"), at("newer", "2026-03-01T00:00:00Z", false)];
    expect([defaultClass(all), defaultClass([])]).toEqual(["new", undefined]);
  });
});
