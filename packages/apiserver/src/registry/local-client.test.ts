import { Pods, Services, type Kind, type KubeObject } from "@ebb/kube";
import { expect, test } from "vitest";
import { createLocalClient } from "./local-client.ts";
import type { Registry } from "./registry.ts";

/** As the store keeps them: a tree of fields is made each time that somebody looks. */
const managedFields = [
  {
    get fieldsV1(): object {
      throw new Error("somebody looked at the fields");
    },
  },
];

async function sentFor(kind: Kind): Promise<unknown> {
  const metadata = { name: "a", namespace: "n", uid: "u", resourceVersion: "7", labels: { a: "b" }, annotations: { c: "d" } };
  const current: KubeObject = { apiVersion: "v1", kind: kind.kind, metadata: { ...metadata, managedFields } };
  const modify: Partial<Registry> = { modify: async (_, transform) => transform(current) as KubeObject };
  const client = createLocalClient(() => modify as Registry, { name: "t", groups: [] });
  const { apiVersion, status } = { apiVersion: "v1", status: { phase: "Running" } };
  return client.updateStatus<KubeObject>(kind, { apiVersion, kind: kind.kind, metadata: { name: "a", namespace: "n" }, status });
}

test("who writes a status sends what such a write may change, and nobody's fields", async () => {
  const own = { name: "a", namespace: "n", uid: "u", resourceVersion: "7" };
  const status = { phase: "Running" };
  expect(await sentFor(Services)).toEqual({ apiVersion: "v1", kind: "Service", metadata: own, status });
  const metadata = { ...own, labels: { a: "b" }, annotations: { c: "d" } };
  expect(await sentFor(Pods)).toEqual({ apiVersion: "v1", kind: "Pod", metadata, status });
});
