import { expect, test } from "vitest";
import { createWorld, SHOP, startProcess } from "../testing/world.ts";

async function platform() {
  const world = await createWorld();
  const process = await startProcess(world);
  const { service, ended } = process;
  const deploy = async (name: string, more: { environment?: string; scaling?: { min: number } } = {}) =>
    ended((await service.deployImage({ name, image: "ok", ...more }, "ann")).id);
  return { ...process, world, deploy };
}

test("a team that has as many apps as it may have gets no other, and keeps those that it has", async () => {
  const { service, deploy } = await platform();
  expect(await deploy("shop")).toMatchObject({ state: "succeeded" });
  await service.patchQuota("default", { apps: 1 });
  await expect(deploy("blog")).rejects.toMatchObject({ code: "quota_exceeded", message: "The team default has 1 app, and may have 1" });
  await expect(service.createApp({ name: "blog" })).rejects.toMatchObject({ code: "quota_exceeded" });
  expect(await deploy("shop")).toMatchObject({ state: "succeeded", version: "v2" });
  await service.createTeam({ name: "other" });
  expect(await service.createApp({ name: "blog", team: "other" })).toMatchObject({ team: "other" });
});

test("what is kept is counted over all environments; the version that is too much fails with the figures, and what served serves on", async () => {
  const { world, service, deploy } = await platform();
  await service.patchQuota("default", { instances: 3 });
  expect(await deploy("shop", { scaling: { min: 2 } })).toMatchObject({ state: "succeeded" });
  // Prod keeps one by itself.
  expect(await deploy("blog", { environment: "prod" })).toMatchObject({ state: "succeeded" });
  const failed = await deploy("blog", { environment: "prod", scaling: { min: 2 } });
  expect(failed).toMatchObject({ state: "failed", failure_json: expect.stringContaining("quota_exceeded") });
  expect(failed.failure_json).toContain(
    "blog in prod is to keep 2 instances; with what the team keeps elsewhere that makes 4, and it may have 3",
  );
  expect(await service.getPlace({ app: "blog", env: "prod" })).toMatchObject({ traffic: [{ version: "v1", percent: 100 }] });
  // The place of a version that is replaced is its own.
  expect(await deploy("shop", { scaling: { min: 2 } })).toMatchObject({ state: "succeeded" });
  expect(world.cluster.quota).toEqual({ hard: { pods: "3" }, defaults: {} });
});

test("clusters are told at once, and told when there is no quota any more; what a team has is shown beside it", async () => {
  const { world, db, service, deploy } = await platform();
  await deploy("shop", { scaling: { min: 1 } });
  const set = await service.patchQuota("default", { cpu: "2", memory: "4Gi" });
  expect(world.cluster.quota).toEqual({ hard: { "limits.cpu": "2", "limits.memory": "4Gi" }, defaults: { cpu: "500m", memory: "512Mi" } });
  expect(set).toMatchObject({ quota: { apps: null, instances: null, cpu: "2", memory: "4Gi" }, used: { apps: 1 } });
  await service.patchQuota("default", { cpu: null, memory: null });
  expect(world.cluster.quota).toBeNull();
  const rows = await db.selectFrom("audit").select(["action", "before_json", "after_json"]).where("action", "=", "team.quota").execute();
  expect(rows.map(({ before_json, after_json }) => [JSON.parse(before_json), JSON.parse(after_json)])).toEqual([
    [
      { cpu: null, memory: null },
      { cpu: "2", memory: "4Gi" },
    ],
    [
      { cpu: "2", memory: "4Gi" },
      { cpu: null, memory: null },
    ],
  ]);
  expect(await service.getPlace(SHOP)).toMatchObject({ app: "shop" });
  await expect(service.patchQuota("nobody", { apps: 1 })).rejects.toMatchObject({ code: "team_not_found" });
});

test("the namespace that every cluster has is told as well, though Ebb has not made it", async () => {
  const { world, service, deploy } = await platform();
  await deploy("shop");
  // As a cluster answers of `default`.
  world.cluster.namespace = false;
  await service.patchQuota("default", { instances: 6 });
  expect(world.cluster.quota).toEqual({ hard: { pods: "6" }, defaults: {} });
});

test("a lower bound over the versions' own counts for each that serves, and may always go down", async () => {
  const { service, deploy, ended } = await platform();
  await deploy("shop");
  await deploy("shop");
  const split = [1, 2].map((number) => ({ version: `v${number}`, percent: 50 }));
  await ended((await service.setTraffic(SHOP, { targets: split }, "ann")).id);
  await service.patchScaling(SHOP, { min: 8 });
  await service.patchQuota("default", { instances: 6 });
  await expect(service.patchScaling(SHOP, { min: 20 })).rejects.toMatchObject({
    code: "quota_exceeded",
    message: expect.stringContaining("that makes 40, and it may have 6"),
  });
  expect(await service.patchScaling(SHOP, { min: 4 })).toMatchObject({ min: 4 });
});

test("what is set over the versions' own counts where it is set, for versions and bounds elsewhere too", async () => {
  const { service, deploy } = await platform();
  await deploy("shop", { scaling: { min: 1 } });
  await deploy("blog");
  await service.patchQuota("default", { instances: 6 });
  await service.patchScaling(SHOP, { min: 5 });
  const failed = await deploy("blog", { scaling: { min: 2 } });
  expect(failed).toMatchObject({ state: "failed", failure_json: expect.stringContaining("that makes 7, and it may have 6") });
  await expect(service.patchScaling({ app: "blog", env: "test" }, { min: 2 })).rejects.toMatchObject({
    code: "quota_exceeded",
    message: expect.stringContaining("that makes 7, and it may have 6"),
  });
  expect(await service.patchScaling({ app: "blog", env: "test" }, { min: 1 })).toMatchObject({ min: 1 });
  // Its next version keeps what is set over it, whatever it says.
  await service.patchQuota("default", { instances: 4 });
  expect(await deploy("shop")).toMatchObject({
    state: "failed",
    failure_json: expect.stringContaining("shop in test is to keep 5 instances"),
  });
});
