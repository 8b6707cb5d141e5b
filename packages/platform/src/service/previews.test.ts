import { silentLogger, systemRandom } from "@ebb/base";
import { expect, test } from "vitest";
import { EnvironmentScheduler } from "../environments/scheduler.ts";
import { unfinishedOperations } from "../operations/store.ts";
import { createWorld, startProcess } from "../testing/world.ts";

async function platform() {
  const world = await createWorld();
  const process = await startProcess(world);
  const { db, clock, engine, service } = process;
  const scheduler = new EnvironmentScheduler({
    db,
    clock,
    random: systemRandom,
    log: silentLogger,
    submit: (operation) => engine.submit(operation),
  });
  /** What the scheduler has begun, ended. */
  const tick = async () => {
    await scheduler.tick();
    const unfinished = await unfinishedOperations(db);
    return Promise.all(unfinished.map(({ id }) => process.ended(id)));
  };
  const names = async () => (await service.listEnvironments("default")).map(({ name }) => name);
  return { ...process, world, tick, names };
}
const LOGIN = { name: "login", branch: "feature/login", ttlHours: 1 } as const;

test("a preview takes deploys, lives on when asked to, and is deleted with its apps and its namespace when its time is over", async () => {
  const { service, world, clock, tick, names, ended } = await platform();
  const made = await service.createPreview("default", LOGIN);
  expect(made).toMatchObject({
    name: "login",
    template: "test",
    preview: { branch: "feature/login", expiresAt: "2026-01-01T01:00:00.000Z" },
  });
  // Nothing goes there that was not sent there.
  expect(await ended((await service.deployImage({ name: "shop", image: "ok-1" }, "ann")).id)).toMatchObject({ env: "test" });
  await ended((await service.deployImage({ name: "shop", image: "ok-1", environment: "login" }, "ann")).id);
  const cluster = world.clusters.of({ namespace: "default-login" });
  expect([cluster.stored.size, cluster.namespace]).toEqual([1, true]);
  const until = (hours: number) => new Date(clock.now() + hours * 3_600_000).toISOString();
  expect((await service.createPreview("default", { name: "login", ttlHours: 0.2 })).preview).toEqual({
    branch: "feature/login",
    expiresAt: until(0.2),
  });
  expect((await service.extendPreview("default", "login", { ttlHours: 0.1 })).preview).toMatchObject({ expiresAt: until(0.1) });
  expect(await tick()).toEqual([]);
  await clock.advance(6 * 60_000);
  expect(await tick()).toMatchObject([{ kind: "delete", env: "login", state: "succeeded", created_by: "expiry" }]);
  expect(await names()).toEqual(["test", "staging", "prod"]);
  expect([cluster.stored.size, cluster.namespace]).toEqual([0, false]);
  expect((await service.getApp("shop")).environments.map(({ environment }) => environment)).toEqual(["test"]);
});

test("a team has as many as its limit allows, and the next has a name", async () => {
  const { service } = await platform();
  await service.patchTeam("default", { previewLimit: 1 });
  await service.createPreview("default", LOGIN);
  await service.createPreview("default", LOGIN);
  await expect(service.createPreview("default", { ...LOGIN, name: "other" })).rejects.toMatchObject({
    code: "too_many_previews",
    message: "The team default has 1 previews, and may have 1; the next that ends is login",
  });
  await service.patchTeam("default", { previewLimit: 2 });
  expect(await service.createPreview("default", { ...LOGIN, name: "other" })).toMatchObject({ name: "other" });
});

test("what stays is no preview, and one that is being deleted does not live on", async () => {
  const { service, ended } = await platform();
  await expect(service.createPreview("default", { ...LOGIN, name: "prod" })).rejects.toMatchObject({ code: "not_a_preview" });
  await expect(service.extendPreview("default", "prod", { ttlHours: 1 })).rejects.toMatchObject({ code: "not_a_preview" });
  await expect(service.deletePreview("default", "prod", "ann")).rejects.toMatchObject({ code: "not_a_preview" });
  await service.createPreview("default", LOGIN);
  const gone = await service.deletePreview("default", "login", "ann");
  await expect(service.createPreview("default", LOGIN)).rejects.toMatchObject({ code: "environment_being_deleted" });
  expect(await ended(gone.id)).toMatchObject({ state: "succeeded" });
  await expect(service.getEnvironment("default", "login")).rejects.toMatchObject({ code: "environment_not_found" });
});
