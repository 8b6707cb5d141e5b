import { applySchema, PersistentVolumes, schemaOf, type Json, type PersistentVolumeClaim, type Pod, type StorageClass } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { boundTo, claimStatus, grown, isOwn, isUsed, makeVolume, PROVISIONER } from "./reconcile.ts";

const UID = "6a1f0f3c-0000-4000-8000-000000000001";
const NAME = `pvc-${UID}`;
const claim = (spec: Partial<PersistentVolumeClaim["spec"]> = {}): PersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "data", namespace: "team", uid: UID },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, storageClassName: "local", ...spec },
});
const LOCAL: StorageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "local" },
  provisioner: PROVISIONER,
  reclaimPolicy: "Retain",
};
const volume = makeVolume(claim(), LOCAL, `/data/claims/${NAME}`);
const pod = (claimName: string, phase = "Running"): Pod =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "team" },
    spec: { containers: [], volumes: [{ name: "v", persistentVolumeClaim: { claimName } }] },
    status: { phase },
  }) as Pod;

describe("a claim", () => {
  test("has a volume of its own: the claim's size and modes, the class's policy, a folder on the one node", () => {
    expect(volume).toMatchObject({
      metadata: { name: NAME, finalizers: ["kubernetes.io/pv-protection"] },
      spec: {
        accessModes: ["ReadWriteOnce"],
        capacity: { storage: "1Gi" },
        claimRef: { kind: "PersistentVolumeClaim", namespace: "team", name: "data", uid: UID },
        persistentVolumeReclaimPolicy: "Retain",
        storageClassName: "local",
        local: { path: `/data/claims/${NAME}` },
      },
    });
    const { unknown, causes } = applySchema(schemaOf(PersistentVolumes), volume as unknown as Json, "");
    expect([unknown, causes]).toEqual([[], []]);
  });

  test("whose name could be a path is none of ours", () => {
    expect(isOwn(volume)).toBe(true);
    expect(isOwn({ ...volume, metadata: { ...volume.metadata, name: "pvc-../etc" } })).toBe(false);
    expect(isOwn({ ...volume, metadata: { name: NAME } })).toBe(false);
  });

  test.each<[string, PersistentVolumeClaim, typeof volume | undefined, object]>([
    ["nobody has given a volume waits", claim(), undefined, { phase: "Pending" }],
    [
      "is bound, with what its volume has",
      boundTo(claim(), NAME),
      volume,
      { phase: "Bound", accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" } },
    ],
    ["whose volume is gone is lost", boundTo(claim(), NAME), undefined, { phase: "Lost" }],
    [
      "whose volume is another's is lost",
      boundTo(claim(), NAME),
      { ...volume, spec: { ...volume.spec, claimRef: { uid: "other" } } },
      { phase: "Lost" },
    ],
  ])("%s", (_, of, its, expected) => expect(claimStatus(of, its)).toEqual(expected));

  test("that asks for more gets more, and never less", () => {
    expect(grown(volume, claim({ resources: { requests: { storage: "2Gi" } } }))?.spec.capacity).toEqual({ storage: "2Gi" });
    expect(grown(volume, claim({ resources: { requests: { storage: "1024Mi" } } }))).toBeUndefined();
  });

  test.each<[string, Pod[], boolean]>([
    ["a Pod that runs", [pod("data")], true],
    ["one that has ended", [pod("data", "Succeeded")], false],
    ["one that has another", [pod("other")], false],
  ])("is used by %s: %s", (_, pods, expected) => expect(isUsed(claim(), pods)).toBe(expected));
});
