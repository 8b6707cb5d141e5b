import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  Watch,
  type V1ConfigMap,
} from "@kubernetes/client-node";
import { eventually } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { ksvc, startServer, type TestServer } from "./testing/server.ts";

describe("@kubernetes/client-node", () => {
  async function connect(): Promise<{ server: TestServer; config: KubeConfig; core: CoreV1Api }> {
    const server = await startServer();
    const config = new KubeConfig();
    config.loadFromString(server.kubeconfig);
    return { server, config, core: config.makeApiClient(CoreV1Api) };
  }
  const map = (name: string, data = {}): V1ConfigMap => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });

  test("creates, reads, lists, replaces and deletes core kinds", async () => {
    const { core } = await connect();
    const created = await core.createNamespacedConfigMap({ namespace: "default", body: map("a", { k: "1" }) });
    expect(created.metadata?.creationTimestamp).toBeInstanceOf(Date);
    const replaced = await core.replaceNamespacedConfigMap({
      namespace: "default",
      name: "a",
      body: Object.assign(created, { data: { k: "2" } }),
    });
    expect(replaced.data).toEqual({ k: "2" });
    expect((await core.listNamespacedConfigMap({ namespace: "default" })).items).toHaveLength(1);
    await core.deleteNamespacedConfigMap({ namespace: "default", name: "a" });
    await expect(core.readNamespacedConfigMap({ namespace: "default", name: "a" })).rejects.toMatchObject({ code: 404 });
  });

  test("custom objects: create, patch, the status of a failure", async () => {
    const { config } = await connect();
    const custom = config.makeApiClient(CustomObjectsApi);
    const at = { group: "serving.knative.dev", version: "v1", namespace: "default", plural: "services" };
    await custom.createNamespacedCustomObject({ ...at, body: ksvc("a") });
    const body = [{ op: "add", path: "/metadata/labels", value: { a: "b" } }];
    expect(await custom.patchNamespacedCustomObject({ ...at, name: "a", body })).toMatchObject({ metadata: { labels: { a: "b" } } });
    await expect(custom.createNamespacedCustomObject({ ...at, body: ksvc("a") })).rejects.toMatchObject({
      code: 409,
      body: expect.stringContaining("already exists"),
    });
  });

  test("KubernetesObjectApi finds kinds by discovery", async () => {
    const { config } = await connect();
    const objects = KubernetesObjectApi.makeApiClient(config);
    const service = { ...ksvc("a"), metadata: { name: "a", namespace: "default" } };
    await objects.create(service);
    expect(
      await objects.read({ apiVersion: "serving.knative.dev/v1", kind: "Service", metadata: { name: "a", namespace: "default" } }),
    ).toMatchObject({
      spec: { traffic: [{ latestRevision: true, percent: 100 }] },
    });
  });

  test("an informer follows from what is there to what happens", async () => {
    const { config, core } = await connect();
    await core.createNamespacedConfigMap({ namespace: "default", body: map("a") });
    const informer = makeInformer(config, "/api/v1/namespaces/default/configmaps", () =>
      core.listNamespacedConfigMap({ namespace: "default" }),
    );
    const seen: string[] = [];
    for (const verb of ["add", "update", "delete"] as const) informer.on(verb, (object) => seen.push(`${verb} ${object.metadata?.name}`));
    await informer.start();
    onTestFinished(() => informer.stop());
    await core.createNamespacedConfigMap({ namespace: "default", body: map("b") });
    await core.deleteNamespacedConfigMap({ namespace: "default", name: "a" });
    await eventually(() => seen.includes("delete a"));
    expect(seen).toEqual(["add a", "add b", "delete a"]);
  });

  test("a watch with a selector", async () => {
    const { config, core } = await connect();
    const seen: string[] = [];
    const watch = await new Watch(config).watch(
      "/api/v1/namespaces/default/configmaps",
      { fieldSelector: "metadata.name=b" },
      (phase, object: V1ConfigMap) => seen.push(`${phase} ${object.metadata?.name}`),
      () => undefined,
    );
    onTestFinished(() => watch.abort());
    for (const name of ["a", "b", "c"]) await core.createNamespacedConfigMap({ namespace: "default", body: map(name) });
    await eventually(() => seen.length > 0);
    expect(seen).toEqual(["ADDED b"]);
  });
});
