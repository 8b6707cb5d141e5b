import { ConfigMaps, type ConfigMap } from "@ebb/kube";
import { eventually } from "@ebb/testkit";
import { expect, test } from "vitest";
import { configMap, startServer, type TestServer } from "./testing/server.ts";
import { editStored } from "./testing/stored-rows.ts";

test("an owner that is null, as an older Ebb stored it, is none: the server starts, and the object goes on", async () => {
  const first = await startServer();
  const path = "/api/v1/namespaces/default/configmaps";
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: "u" };
  await first.call("POST", path, { body: configMap("odd", {}, { finalizers: ["x.io/hold"], ownerReferences: [owner] }) });
  await first.api.stop();
  editStored(first.folder, "odd", (text) => text.replace(JSON.stringify([owner]), "[null]"));
  const { api, call } = await startServer({ folder: first.folder });
  const merge = { type: "application/merge-patch+json", body: { data: { a: "1" } } };
  expect((await call("PATCH", `${path}/odd`, merge)).body).toMatchObject({ data: { a: "1" } });
  const client = api.client({ name: "t", groups: [] });
  const odd = await client.get(ConfigMaps, "default", "odd");
  expect(odd?.metadata.ownerReferences).toBeUndefined();
  // The collector still works.
  const ownerReferences = [{ ...owner, uid: "gone" }];
  await client.create(ConfigMaps, configMap("orphan", {}, { namespace: "default", ownerReferences }) as ConfigMap);
  await eventually(async () => (await client.get(ConfigMaps, "default", "orphan")) === undefined);
});

const DEFAULT = "namespaces/default";
const APPLY = "application/apply-patch+yaml";
const claim = (storage: string) => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "old" },
  spec: { accessModes: ["ReadWriteOnce"], storageClassName: "none", resources: { requests: { storage } } },
});
const podSpec = (cpu: string) => ({
  restartPolicy: "Never",
  containers: [{ name: "c", image: "example.com/app", resources: { limits: { cpu } } }],
});
const job = (cpu: string) => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "old" },
  spec: { template: { spec: podSpec(cpu) } },
});
const set = (storage: string) => ({
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  metadata: { name: "old" },
  spec: {
    serviceName: "old",
    selector: { matchLabels: { app: "old" } },
    template: { metadata: { labels: { app: "old" } }, spec: { ...podSpec("500m"), restartPolicy: "Always" } },
    volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claim(storage).spec }],
  },
});

/** A server on a folder in which an older Ebb stored quantities as they were written. */
async function withOldRows(collection: string, object: object, spelling: readonly [now: string, before: string]): Promise<TestServer> {
  const first = await startServer();
  const made = await first.call("POST", `${collection}?fieldManager=maker`, { body: object });
  expect(made.status).toBe(201);
  await first.api.stop();
  const [now, before] = spelling;
  editStored(first.folder, "old", (text) => {
    expect(text).toContain(now);
    return text.replaceAll(now, before);
  });
  return startServer({ folder: first.folder });
}

test.each([
  ["a claim", `/api/v1/${DEFAULT}/persistentvolumeclaims`, claim("1Gi"), ['"storage":"1Gi"', '"storage":"1024Mi"']],
  ["a StatefulSet", `/apis/apps/v1/${DEFAULT}/statefulsets`, set("1Gi"), ['"storage":"1Gi"', '"storage":"1024Mi"']],
  ["a Job", `/apis/batch/v1/${DEFAULT}/jobs`, job("500m"), ['"cpu":"500m"', '"cpu":"0.5"']],
  ["a Job with a number", `/apis/batch/v1/${DEFAULT}/jobs`, job("500m"), ['"cpu":"500m"', '"cpu":0.5']],
] as const)(
  "%s of another spelling can be edited, and is not changed by who writes what was there",
  async (_, collection, object, spelling) => {
    const { call } = await withOldRows(collection, object, spelling);
    const path = `${collection}/old`;
    const { body: old } = await call("GET", path);
    for (const [from, to] of [spelling, [spelling[1], spelling[0]]] as const) {
      const body = JSON.stringify(old).replaceAll(from, to);
      expect((await call("PUT", `${path}?fieldManager=other`, { body })).body).toEqual(old);
    }
    const labels = { type: "application/merge-patch+json", body: { metadata: { labels: { a: "b" } } } };
    const labelled = await call("PATCH", `${path}?fieldManager=other`, labels);
    expect(labelled).toMatchObject({ status: 200, body: { metadata: { labels: { a: "b" } } } });
    expect(labelled.body.metadata.generation).toBe(old.metadata.generation);
    const entry = labelled.body.metadata.managedFields.find(({ manager }: { manager: string }) => manager === "other");
    expect(entry.fieldsV1).toEqual({ "f:metadata": { "f:labels": { ".": {}, "f:a": {} } } });
  },
);

test("who applies a quantity as an older Ebb stored it for somebody else is in no conflict", async () => {
  const collection = `/apis/apps/v1/${DEFAULT}/statefulsets`;
  const { call } = await withOldRows(collection, set("1Gi"), ['"cpu":"500m"', '"cpu":"0.5"']);
  const { apiVersion, kind, metadata } = set("1Gi");
  const container = { name: "c", resources: { limits: { cpu: "0.5" } } };
  const body = { apiVersion, kind, metadata, spec: { template: { spec: { containers: [container] } } } };
  const applied = await call("PATCH", `${collection}/old?fieldManager=another`, { type: APPLY, body });
  expect(applied).toMatchObject({ status: 200, body: { metadata: { generation: 1 } } });
});
