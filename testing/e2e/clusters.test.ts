import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { deploy, eventually, finished, httpRequest, nodeApp, startEbb, type EbbServer } from "@ebb/testkit";
import { readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let near: EbbServer;
let far: EbbServer;
beforeEach(async () => {
  [near, far] = await Promise.all([startEbb({ args: ["--no-containers"] }), startEbb({ args: ["--no-containers"] })]);
  // Bundles are on the machine of the platform, which both are on here; images would come from a registry.
  await rm(join(far.dataDir, "bundles"), { recursive: true, force: true });
  await symlink(join(near.dataDir, "bundles"), join(far.dataDir, "bundles"));
});
afterEach(() => Promise.all([near?.dispose(), far?.dispose()]));

const TEST = { app: "shop", env: "test" };
const LIVE = { app: "shop", env: "live" };

test("test on one cluster and prod on another: one of them stops, and the other goes on", async () => {
  const { client } = near;
  const kubeconfig = await readFile(far.urls.kubeconfig, "utf8");
  const ingress = `${far.gateway.host}:${far.gateway.port}`;
  expect(await client.createCluster({ name: "far", kubeconfig, ingress })).toMatchObject({ state: "ready", knative: true, istio: true });
  await knativesOwnHosts();
  const hosts = { domain: "sls-far.example.com" };
  const planned = await client.putClusterHosts("far", { ...hosts, dryRun: true });
  expect(planned.changes.map(({ configMap, key }) => `${configMap} ${key}`)).toEqual([
    "config-domain sls-far.example.com",
    "config-network domain-template",
  ]);
  expect((await client.getClusterHosts("far")).domain).toBe(null);
  expect(await client.putClusterHosts("far", hosts)).toMatchObject(hosts);
  await client.createEnvironment("default", { name: "live", template: "prod", cluster: "far" });
  expect((await deploy(client, "shop", nodeApp({ handler: `return response.end("shop");` }))).failure).toBeNull();
  const promoted = await finished(client, (await client.promote(LIVE, { from: "test" })).id);
  expect(promoted.failure).toBeNull();
  expect(promoted.url).toBe(`http://shop.sls-far.example.com:${far.gateway.port}`);
  const live = () => httpRequest(far.gateway, { host: new URL(promoted.url ?? "").hostname, path: "/" });
  expect([(await near.get("shop")).body, (await live()).body]).toEqual(["shop", "shop"]);
  await eventually(async () => (await client.getAppEnvironment(LIVE)).state === "ready");
  expect((await client.getCluster("far")).environments).toEqual([{ team: "default", name: "live" }]);

  await movesHereAndBack();
  await far.stop();
  // Its apps are not failed: nobody knows.
  await eventually(async () => (await client.getAppEnvironment(LIVE)).state === "unknown", 30_000);
  expect((await client.getAppEnvironment(LIVE)).message).toMatch(/^Unknown since \d{4}-.*does not answer/);
  expect((await client.getCluster("far")).state).toBe("unreachable");
  expect((await client.status()).cluster.ready).toBe(true);
  expect((await deploy(client, "shop", nodeApp({ handler: `return response.end("shop 2");` }))).failure).toBeNull();
  expect((await near.get("shop")).body).toBe("shop 2");
  expect(["ready", "asleep"]).toContain((await client.getAppEnvironment(TEST)).state);
});

/** The environment from there to the machine at hand, and to where it was: at each end it is whole, and nothing of it is left at the other. */
async function movesHereAndBack(): Promise<void> {
  const { client } = near;
  await finished(client, (await client.patchVariables(LIVE, { variables: { GREETING: "hello" } })).id);
  const move = async (cluster: string) => {
    const moved = await finished(client, (await client.moveEnvironment("default", "live", { cluster })).id);
    expect(moved.failure).toBeNull();
    expect(moved.phases.map(({ name }) => name)).toEqual(["check", "copy", "switch", "remove"]);
  };
  const on = async (which: EbbServer, host: string) => (await httpRequest(which.gateway, { host, path: "/" })).status;
  await move("local");
  expect(await on(near, "shop.sls-local.localhost")).toBe(200);
  expect(await on(far, "shop.sls-far.example.com")).toBe(404);
  await eventually(async () => (await client.getAppEnvironment(LIVE)).state === "ready");
  // One rollback leads back there as well.
  expect((await client.listVersions(LIVE)).map(({ name, state }) => [name, state])).toEqual([
    ["v2", "ready"],
    ["v1", expect.stringMatching(/ready|asleep/)],
  ]);
  await move("far");
  expect(await on(far, "shop.sls-far.example.com")).toBe(200);
  expect(await on(near, "shop.sls-local.localhost")).toBe(404);
  await eventually(async () => (await client.getAppEnvironment(LIVE)).state === "ready");
}

/** As a Knative that nobody has told of Ebb. */
async function knativesOwnHosts(): Promise<void> {
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromFile(far.urls.kubeconfig);
  const api = kubeconfig.makeApiClient(CoreV1Api);
  const at = { name: "config-network", namespace: "knative-serving" };
  const { "domain-template": _ours, ...data } = (await api.readNamespacedConfigMap(at)).data ?? {};
  await api.replaceNamespacedConfigMap({ ...at, body: { metadata: { name: at.name }, data } });
}
