import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { deploy, eventually, finished, nodeApp, startEbb, type EbbServer } from "@ebb/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

let ebb: EbbServer;
beforeEach(async () => {
  ebb = await startEbb({ args: ["--no-containers"] });
});
afterEach(() => ebb?.dispose());

const PROD = { app: "shop", env: "prod" };
const answer = async (host: string) => (await ebb.get(`${host}.sls-local.localhost`)).body;

test("what was tested goes to prod as it is, with prod's settings and host, and stays warm; its environment takes it along", async () => {
  const { client } = ebb;
  const handler = `return response.end((process.env.MODE ?? "none") + (process.env.URL ?? ""));`;
  expect((await deploy(client, "shop", nodeApp({ handler }))).failure).toBeNull();
  expect((await finished(client, (await client.patchVariables(PROD, { variables: { MODE: "live" } })).id)).failure).toBeNull();
  // Of the team, for all of its apps: what serves in test gets a new version, prod's first has it.
  const { operations } = await client.patchLayer({ team: "default" }, { secrets: { PASSWORD: "hush" } });
  expect(operations.map(({ environment }) => environment)).toEqual(["test"]);
  for (const { id } of operations) expect((await finished(client, id)).failure).toBeNull();
  await finished(client, (await client.patchVariables(PROD, { variables: { URL: " ${PASSWORD}@db" } })).id);
  await client.patchQuota("default", { instances: 20, cpu: "4" });
  // The shortest window, so that it falls asleep soon below.
  await client.patchEnvironment("default", "prod", { scaling: { idleSeconds: 6 } });
  const promoted = await finished(client, (await client.promote(PROD, { from: "test" })).id);
  expect(promoted).toMatchObject({ state: "succeeded", kind: "promote", version: "v1", url: expect.stringContaining("//shop.sls-local") });
  expect([await answer("shop-test"), await answer("shop"), await answer("v1-shop")]).toEqual(["none", "live hush@db", "live hush@db"]);
  const cluster = new KubeConfig();
  cluster.loadFromFile(ebb.urls.kubeconfig);
  const quotas = await cluster.makeApiClient(CoreV1Api).listNamespacedResourceQuota({ namespace: "default-prod" });
  expect(quotas.items.map(({ spec }) => spec?.hard)).toEqual([{ pods: "20", "limits.cpu": "4" }]);
  expect((await client.getQuota("default")).used).toMatchObject({ apps: 1 });
  // The copy of the cluster that this is told from lags a little behind.
  await eventually(async () => (await client.getAppEnvironment(PROD)).state === "ready");
  expect((await finished(client, (await client.patchAppEnvironment(PROD, { host: "store" })).id)).failure).toBeNull();
  expect([await answer("store"), await answer("v1-shop")]).toEqual(["live hush@db", "live hush@db"]);

  expect((await finished(client, (await client.sleepEnvironment("default", "prod", { onRequest: "refuse" })).id)).failure).toBeNull();
  const asleep = await ebb.get("store.sls-local.localhost");
  expect([asleep.status, asleep.headers["content-type"], asleep.body]).toEqual([
    503,
    "text/html; charset=utf-8",
    expect.stringContaining("shop is asleep"),
  ]);
  await eventually(async () => (await client.getEnvironment("default", "prod")).instances === 0, 30_000);
  const revisions = (await client.listVersions(PROD)).length;
  expect((await finished(client, (await client.wakeEnvironment("default", "prod")).id)).failure).toBeNull();
  // An instance is there already: it did not wait for this request.
  expect((await client.listInstances(PROD)).filter(({ ready }) => ready)).toHaveLength(1);
  expect([await answer("store"), (await client.listVersions(PROD)).length]).toEqual(["live hush@db", revisions]);

  const used = await client.usage({ app: "shop" });
  expect(used.items.map(({ environment, instanceSeconds, kept }) => [environment, instanceSeconds > 0, kept.instanceSeconds > 0])).toEqual(
    expect.arrayContaining([["prod", true, true]]),
  );
  const gone = await finished(client, (await client.deleteEnvironment("default", "prod")).id);
  expect(gone).toMatchObject({ state: "succeeded", app: "", environment: "prod" });
  expect((await ebb.get("store.sls-local.localhost")).status).toBe(404);
  expect(await answer("shop-test")).toBe("none");
});
