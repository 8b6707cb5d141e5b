import { eventually } from "@ebb/testkit";
import { expect, test } from "vitest";
import { startServer, type TestServer } from "../testing/server.ts";

const QUOTAS = "/api/v1/namespaces/default/resourcequotas";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const SERVICES = "/apis/serving.knative.dev/v1/namespaces/default/services";

const setQuota = (server: TestServer, hard: Record<string, string>) =>
  server.call("POST", QUOTAS, { body: { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "q" }, spec: { hard } } });
const addMap = (server: TestServer, name: string, query = "") =>
  server.call("POST", `${CONFIG_MAPS}${query}`, { body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name } } });
const status = async (server: TestServer) => (await server.call("GET", `${QUOTAS}/q`)).body.status;

test("what exceeds a quota is refused in Kubernetes' words, and allowed once there is room", async () => {
  const server = await startServer();
  await addMap(server, "a");
  await setQuota(server, { configmaps: "2", "count/services.serving.knative.dev": "0" });
  expect((await addMap(server, "b")).status).toBe(201);
  const refused = await addMap(server, "c");
  expect([refused.status, refused.body.reason, refused.body.message]).toEqual([
    403,
    "Forbidden",
    'configmaps "c" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2',
  ]);
  const spec = { template: { spec: { containers: [{ image: "app" }] } } };
  const service = await server.call("POST", SERVICES, {
    body: { apiVersion: "serving.knative.dev/v1", kind: "Service", metadata: { name: "shop" }, spec },
  });
  expect([service.status, service.body.message]).toEqual([
    403,
    'services.serving.knative.dev "shop" is forbidden: exceeded quota: q, requested: count/services.serving.knative.dev=1, used: count/services.serving.knative.dev=0, limited: count/services.serving.knative.dev=0',
  ]);
  await server.call("DELETE", `${CONFIG_MAPS}/a`);
  expect((await addMap(server, "c")).status).toBe(201);
});

test("many at once do not slip through together, and a dry run takes nothing for good", async () => {
  const server = await startServer();
  await setQuota(server, { configmaps: "3" });
  const dry = await Promise.all(Array.from({ length: 3 }, (_, index) => addMap(server, `dry-${index}`, "?dryRun=All")));
  expect(dry.map((reply) => reply.status)).toEqual([201, 201, 201]);
  await server.call("POST", "/api/v1/namespaces", { body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } } });
  const replies = await Promise.all(Array.from({ length: 10 }, (_, index) => addMap(server, `m-${index}`)));
  expect(replies.filter((reply) => reply.status === 201)).toHaveLength(3);
});

test("the status follows what there is", async () => {
  const server = await startServer();
  await setQuota(server, { configmaps: "5", secrets: "1", pods: "4", "limits.memory": "1Gi" });
  await eventually(async () => (await status(server))?.used?.["limits.memory"] === "0");
  await addMap(server, "a");
  const used = await eventually(async () => {
    const found = await status(server);
    return found.used.configmaps === "1" ? found : undefined;
  });
  expect(used).toEqual({
    hard: { configmaps: "5", secrets: "1", pods: "4", "limits.memory": "1Gi" },
    used: { configmaps: "1", secrets: "0", pods: "0", "limits.memory": "0" },
  });
  await server.call("DELETE", `${CONFIG_MAPS}/a`);
  await eventually(async () => (await status(server)).used.configmaps === "0");
});

test("a quota that cannot be read is refused", async () => {
  const server = await startServer();
  const refused = await setQuota(server, { pods: "many" });
  expect([refused.status, refused.body.reason]).toEqual([422, "Invalid"]);
});

test("a LimitRange fills in what new Pods do not say, and refuses those beyond it in Kubernetes' words", async () => {
  const server = await startServer();
  const limits = [{ type: "Container", max: { cpu: "1" }, default: { cpu: "500m", memory: "64Mi" }, defaultRequest: { cpu: "100m" } }];
  const range = await server.call("POST", "/api/v1/namespaces/default/limitranges", {
    body: { metadata: { name: "sizes" }, spec: { limits } },
  });
  expect(range).toMatchObject({
    status: 201,
    body: { kind: "LimitRange", spec: { limits: [{ defaultRequest: { cpu: "100m", memory: "64Mi" } }] } },
  });
  const create = async (name: string, resources: object) => {
    const body = { metadata: { name }, spec: { containers: [{ name: "c", image: "x", resources }] } };
    return (await server.call("POST", "/api/v1/namespaces/default/pods", { body })).body;
  };
  expect((await create("small", {})).spec.containers[0].resources).toEqual({
    limits: { cpu: "500m", memory: "64Mi" },
    requests: { cpu: "100m", memory: "64Mi" },
  });
  expect(await create("large", { limits: { cpu: "2" } })).toMatchObject({
    code: 403,
    message: 'pods "large" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
  });
});

test("claims: the default class, the size against a quota and a LimitRange, also of one that grows", async () => {
  const server = await startServer();
  const CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims";
  const storageClass = { metadata: { name: "local", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } } };
  await server.call("POST", "/apis/storage.k8s.io/v1/storageclasses", { body: { ...storageClass, provisioner: "ebb.dev/local" } });
  await setQuota(server, { "requests.storage": "3Gi", "local.storageclass.storage.k8s.io/persistentvolumeclaims": "2" });
  const limits = [{ type: "PersistentVolumeClaim", max: { storage: "2Gi" } }];
  await server.call("POST", "/api/v1/namespaces/default/limitranges", { body: { metadata: { name: "sizes" }, spec: { limits } } });
  const claim = (name: string, storage: string) => ({
    metadata: { name },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
  });
  const create = async (name: string, storage: string) => (await server.call("POST", CLAIMS, { body: claim(name, storage) })).body;
  expect(await create("huge", "5Gi")).toMatchObject({
    code: 403,
    message: 'persistentvolumeclaims "huge" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 5Gi',
  });
  expect(await create("a", "2Gi")).toMatchObject({
    metadata: { finalizers: ["kubernetes.io/pvc-protection"] },
    spec: { storageClassName: "local", volumeMode: "Filesystem" },
  });
  expect((await create("b", "1536Mi")).message).toBe(
    'persistentvolumeclaims "b" is forbidden: exceeded quota: q, requested: requests.storage=1536Mi, used: requests.storage=2Gi, limited: requests.storage=3Gi',
  );
  expect((await create("b", "512Mi")).kind).toBe("PersistentVolumeClaim");
  expect((await create("c", "1Mi")).message).toContain(
    "exceeded quota: q, requested: local.storageclass.storage.k8s.io/persistentvolumeclaims=1",
  );
  const bound = await server.call("GET", `${CLAIMS}/b`);
  await server.call("PUT", `${CLAIMS}/b/status`, { body: { ...bound.body, status: { phase: "Bound" } } });
  const grow = (storage: string) =>
    server.call("PATCH", `${CLAIMS}/b`, {
      body: { spec: { resources: { requests: { storage } } } },
      type: "application/merge-patch+json",
    });
  expect((await grow("1536Mi")).status).toBe(403);
  expect((await grow("1Gi")).status).toBe(200);
  await eventually(async () => (await status(server)).used["requests.storage"] === "3Gi");
});

test("claims that grow at the same time do not slip through together, and what one grew by counts once", async () => {
  const server = await startServer();
  const CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims";
  const storageClass = { metadata: { name: "local" }, provisioner: "ebb.dev/local", allowVolumeExpansion: true };
  await server.call("POST", "/apis/storage.k8s.io/v1/storageclasses", { body: storageClass });
  await setQuota(server, { "requests.storage": "5Gi" });
  const names = ["a", "b", "c"];
  for (const name of names) {
    const spec = { storageClassName: "local", accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const { body } = await server.call("POST", CLAIMS, { body: { metadata: { name }, spec } });
    await server.call("PUT", `${CLAIMS}/${name}/status`, { body: { ...body, status: { phase: "Bound" } } });
  }
  const grow = (name: string, storage: string) =>
    server.call("PATCH", `${CLAIMS}/${name}`, {
      type: "application/merge-patch+json",
      body: { spec: { resources: { requests: { storage } } } },
    });
  const replies = await Promise.all(names.map((name) => grow(name, "2Gi")));
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 403]);
  const refused = names[replies.findIndex(({ status }) => status === 403)] ?? "";
  // 5 GiB are there: what was only admitted for a moment must not be counted on top of them, nor forgotten.
  expect((await grow(refused, "1100Mi")).body.message).toContain("used: requests.storage=5Gi, limited: requests.storage=5Gi");
});
