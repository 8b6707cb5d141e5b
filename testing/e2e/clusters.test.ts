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
  await client.createEnvironment("default", { name: "live", template: "prod", cluster: "far" });
  expect((await deploy(client, "shop", nodeApp({ handler: `return response.end("shop");` }))).failure).toBeNull();
  const promoted = await finished(client, (await client.promote(LIVE, { from: "test" })).id);
  expect(promoted.failure).toBeNull();
  expect(promoted.url).toContain(`:${far.gateway.port}`);
  const live = () => httpRequest(far.gateway, { host: new URL(promoted.url ?? "").hostname, path: "/" });
  expect([(await near.get("shop")).body, (await live()).body]).toEqual(["shop", "shop"]);
  await eventually(async () => (await client.getAppEnvironment(LIVE)).state === "ready");
  expect((await client.getCluster("far")).environments).toEqual([{ team: "default", name: "live" }]);

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
