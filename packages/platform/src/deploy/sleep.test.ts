import type { Schedule } from "@ebb/api";
import { silentLogger, systemRandom } from "@ebb/base";
import { describe, expect, test } from "vitest";
import { toOperation, unfinishedOperations } from "../operations/store.ts";
import { EnvironmentScheduler } from "../environments/scheduler.ts";
import { getEnvironment } from "../environments/store.ts";
import { readRevision } from "../revisions/store.ts";
import { createWorld, startProcess, upload, type Process, type World } from "../testing/world.ts";

const MIN = "autoscaling.knative.dev/min-scale";
const PROD = { team: "default", env: "prod" } as const;
const SLEEP = { ...PROD, to: "sleep" } as const;
const WAKE = { ...PROD, to: "wake" } as const;
const at = (text: string) => Date.parse(text);

async function platform() {
  const world = await createWorld();
  const process = await startProcess(world);
  const done = async (operation: { id: string }) => process.ended(operation.id);
  /** Two that keep instances (prod is warm), one of them waiting for the other. */
  for (const name of ["cart", "shop"]) {
    expect(await done(await process.service.deployImage({ name, image: "ok-1", environment: "prod" }, "ann"))).toMatchObject({
      state: "succeeded",
    });
  }
  await process.service.patchApp("shop", { dependsOn: ["cart"] });
  return { world, ...process, done, prod: world.clusters.of({ namespace: "default-prod" }) };
}

function scheduler({ db, clock, engine }: Pick<Process, "db" | "clock" | "engine">): EnvironmentScheduler {
  return new EnvironmentScheduler({ db, clock, random: systemRandom, log: silentLogger, submit: (operation) => engine.submit(operation) });
}

const mins = (cluster: ReturnType<World["clusters"]["of"]>) =>
  Object.fromEntries([...cluster.storedRevisions].map(([name, { metadata }]) => [name, metadata.annotations?.[MIN]]));

describe("an environment that sleeps", () => {
  test("keeps no instance, makes no version, and has everything as it was when it wakes", async () => {
    const { service, prod, done } = await platform();
    const before = structuredClone(prod.stored);
    expect(await done(await service.changeSleep(SLEEP, "ann"))).toMatchObject({ state: "succeeded", kind: "sleep" });
    expect(mins(prod)).toEqual({ "cart-00001": "0", "shop-00001": "0" });
    expect(await service.getEnvironment("default", "prod")).toMatchObject({
      asleep: { by: "ann", onRequest: "wake", settled: true },
      nextChange: null,
    });
    expect(await done(await service.changeSleep(WAKE, "ann"))).toMatchObject({ state: "succeeded", kind: "wake" });
    expect(mins(prod)).toEqual({ "cart-00001": "1", "shop-00001": "1" });
    expect([...prod.stored]).toEqual([...before]);
    expect(await service.getEnvironment("default", "prod")).toMatchObject({ asleep: null });
  });

  test("wakes those first that others depend on, and lets them sleep last", async () => {
    const { service, prod, done, clock } = await platform();
    const order = () => prod.writes.filter((write) => write.startsWith("min"));
    prod.writes = [];
    await done(await service.changeSleep(SLEEP, "ann"));
    expect(order()).toEqual(["min shop-00001 0", "min cart-00001 0"]);
    prod.writes = [];
    // Until it is ready its dependents wait.
    const pod = prod.storedPods.get("cart-00001-pod");
    prod.storedPods.delete("cart-00001-pod");
    const waking = await service.changeSleep(WAKE, "ann");
    await clock.advance(5000);
    expect(order()).toEqual(["min cart-00001 1"]);
    if (pod) prod.storedPods.set("cart-00001-pod", pod);
    await done(waking);
    expect(order()).toEqual(["min cart-00001 1", "min shop-00001 1"]);
  });

  test("tells which app did not get its instances, and wakes the others", async () => {
    const { service, prod, done, db } = await platform();
    await done(await service.changeSleep(SLEEP, "ann"));
    prod.storedPods.delete("cart-00001-pod");
    const row = await done(await service.changeSleep(WAKE, "ann"));
    expect(toOperation(row, 0).failure).toMatchObject({ code: "not_all_apps", chain: ["cart: no instance of v1 is ready yet"] });
    expect(mins(prod)).toEqual({ "cart-00001": "1", "shop-00001": "1" });
    expect(await getEnvironment(db, "default", "prod")).toMatchObject({ asleep: 0, sleep_settled: 1 });
  });

  test("shows a page in place of its apps when requests do not wake it, and gives their hosts back", async () => {
    const { service, prod, done } = await platform();
    await done(await service.changeSleep({ ...SLEEP, body: { onRequest: "refuse" } }, "ann"));
    const held = prod.virtualServices.get("shop");
    expect(held?.spec.http?.at(-1)).toMatchObject({
      name: "asleep",
      directResponse: { status: 503, body: { string: expect.stringContaining("shop is asleep") } },
    });
    expect(held?.spec.hosts).toEqual(["shop.example", "v1-shop.example"]);
    expect(prod.stored.get("shop")?.metadata.labels).toMatchObject({ "networking.knative.dev/visibility": "cluster-local" });
    await done(await service.changeSleep(WAKE, "ann"));
    expect(prod.virtualServices.size).toBe(0);
    expect(prod.stored.get("shop")?.metadata.labels).not.toHaveProperty("networking.knative.dev/visibility");
  });

  test("lays aside the policy that would keep instances, also one that is set meanwhile, and puts it back", async () => {
    const { service, prod, done } = await platform();
    const place = { app: "shop", env: "prod" };
    await service.patchScaling(place, { min: 2, max: 5 });
    const annotations = () => prod.stored.get("shop")?.metadata.annotations ?? {};
    await done(await service.changeSleep(SLEEP, "ann"));
    expect(annotations()).not.toHaveProperty(["autoscaling.ebb.dev/min-scale"]);
    expect(annotations()).toMatchObject({ "autoscaling.ebb.dev/max-scale": "5" });
    await service.patchScaling(place, { strategies: [{ type: "cron", start: "0 8 * * *", end: "0 9 * * *", replicas: 1 }] });
    expect(annotations()).not.toHaveProperty(["autoscaling.ebb.dev/strategies"]);
    expect(await service.scaling(place)).toMatchObject({ min: 2, max: 5, strategies: [{ type: "cron" }] });
    await done(await service.changeSleep(WAKE, "ann"));
    expect(annotations()).toMatchObject({ "autoscaling.ebb.dev/min-scale": "2", "autoscaling.ebb.dev/max-scale": "5" });
    expect(annotations()).toHaveProperty(["autoscaling.ebb.dev/strategies"]);
    expect(annotations()).not.toHaveProperty(["ebb.dev/scaling-when-awake"]);
  });

  test("takes a deploy, which sleeps as well, and has its own bounds once it wakes", async () => {
    const { service, prod, done } = await platform();
    await done(await service.changeSleep({ ...SLEEP, body: { onRequest: "refuse" } }, "ann"));
    expect(
      await done(await service.deployImage({ name: "shop", image: "ok-2", environment: "prod", scaling: { min: 3 } }, "ann")),
    ).toMatchObject({
      state: "succeeded",
      version: "v2",
    });
    expect(mins(prod)).toMatchObject({ "shop-00002": "0" });
    expect(prod.virtualServices.get("shop")?.spec.http?.at(-1)?.name).toBe("asleep");
    await done(await service.changeSleep(WAKE, "ann"));
    expect(mins(prod)).toMatchObject({ "shop-00001": "0", "shop-00002": "3" });
  });

  test("is not begun while a release goes on", async () => {
    const { service, done } = await platform();
    await done(await service.deployImage({ name: "shop", image: "ok-2", environment: "prod", noTraffic: true }, "ann"));
    const release = await service.startRelease(
      { app: "shop", env: "prod" },
      { version: "v2", steps: [10, 100], pause: "manual" } as never,
      "ann",
    );
    await expect(service.changeSleep(SLEEP, "ann")).rejects.toMatchObject({ code: "environment_busy" });
    expect(release.kind).toBe("release");
  });
});

describe("a schedule", () => {
  const SCHEDULE: Schedule = { timeZone: "UTC", sleep: ["10 0 * * *"], wake: ["0 7 * * *"], onRequest: "refuse" };

  test("counts over a restart, without approval and in a freeze; what is done by hand holds until its next time", async () => {
    const first = await platform();
    const { world, prod } = first;
    const freezes = [{ why: "audit", from: "2026-01-01T00:05Z", to: "2026-02-01T00:00Z" }];
    await first.service.patchEnvironment("default", "prod", { schedule: SCHEDULE, approvals: 1, freezes });
    expect(await first.service.getEnvironment("default", "prod")).toMatchObject({
      nextChange: { to: "sleep", at: "2026-01-01T00:10:00.000Z" },
    });
    await scheduler(first).tick();
    expect(mins(prod)["shop-00001"]).toBe("1");
    await first.stop();

    /** The platform, which was away until then; what its scheduler has begun, ended. */
    const restart = async (now: string) => {
      world.now = at(now);
      const process = await startProcess(world);
      await scheduler(process).tick();
      const unfinished = await unfinishedOperations(process.db);
      const ended = await Promise.all(unfinished.map(({ id }) => process.ended(id)));
      return { ...process, ended: ended.map(({ kind, state, created_by }) => `${kind} ${state} by ${created_by}`), wait: process.ended };
    };
    const second = await restart("2026-01-01T00:20:00Z");
    expect(second.ended).toEqual(["sleep succeeded by schedule"]);
    expect(mins(prod)["shop-00001"]).toBe("0");
    const page = prod.virtualServices.get("shop")?.spec.http?.at(-1)?.directResponse?.body?.string;
    expect(page).toContain("sleeps until Thu, 1 Jan 2026, 07:00 (UTC)");
    await second.wait((await second.service.changeSleep(WAKE, "ann")).id);
    expect(mins(prod)["shop-00001"]).toBe("1");
    await second.stop();

    const third = await restart("2026-01-01T08:00:00Z");
    expect(third.ended).toEqual([]);
    await third.stop();
    const fourth = await restart("2026-01-03T00:30:00Z");
    expect(fourth.ended).toEqual(["sleep succeeded by schedule"]);
    await fourth.stop();
    expect((await restart("2026-01-03T07:00:00Z")).ended).toEqual(["wake succeeded by schedule"]);
    expect(mins(prod)["shop-00001"]).toBe("1");
  });

  test("has its operation again when that did not come to its end, but not at once", async () => {
    const process = await platform();
    const { db, clock } = process;
    const scheduled = scheduler(process);
    const unsettled = () => db.updateTable("environments").set({ asleep: 1, sleep_settled: 0 }).where("name", "=", "prod").execute();
    const begun = async () => {
      await scheduled.tick();
      const unfinished = await unfinishedOperations(db);
      for (const { id } of unfinished) await process.ended(id);
      return unfinished.length;
    };
    await unsettled();
    expect(await begun()).toBe(1);
    expect(await begun()).toBe(0);
    await unsettled();
    expect(await begun()).toBe(0);
    await clock.advance(6 * 60_000);
    expect(await begun()).toBe(1);
  });

  test("of several platforms on one database is followed by one", async () => {
    const process = await platform();
    await process.service.patchEnvironment("default", "prod", { schedule: SCHEDULE });
    await process.clock.advance(15 * 60_000);
    await Promise.all([scheduler(process).tick(), scheduler(process).tick()]);
    const trail = await process.db.selectFrom("audit").select("object").where("action", "=", "environment.sleep").execute();
    expect(trail).toEqual([{ object: "environment/default/prod" }]);
  });
});

test("what a source says of its dependencies is kept by its deploys, except to a preview; a circle fails it by name", async () => {
  const { service, world, ended, db } = await platform();
  const deploy = async (id: string, dependsOn: string[] | undefined, more: object = {}) => {
    const source = upload(world, id, { plan: dependsOn === undefined ? {} : { dependsOn } });
    const row = await ended((await service.deploySource({ ...source, name: "cart", ...more }, "ann")).id);
    return { state: row.state, failure: row.failure_json, dependsOn: (await service.getApp("cart")).dependsOn };
  };
  expect(await deploy("a", ["ledger"])).toMatchObject({ state: "succeeded", dependsOn: ["ledger"] });
  expect(await deploy("b", undefined)).toMatchObject({ state: "succeeded", dependsOn: ["ledger"] });
  await service.createPreview("default", { name: "try", ttlHours: 1 });
  expect(await deploy("c", ["other"], { environment: "try" })).toMatchObject({ state: "succeeded", dependsOn: ["ledger"] });
  // Whoever has read the app before is told when they change it.
  expect(await readRevision(db, "app/cart")).toMatchObject({ what: "app.changed" });
  const circle = await deploy("d", ["shop"]);
  expect(circle).toMatchObject({ state: "failed", dependsOn: ["ledger"] });
  expect(circle.failure).toContain("cart would wait for itself: cart → shop → cart");
  expect(await deploy("e", [])).toMatchObject({ state: "succeeded", dependsOn: [] });
});

test("apps that would wait for each other are refused", async () => {
  const { service } = await platform();
  await expect(service.patchApp("cart", { dependsOn: ["shop"] })).rejects.toMatchObject({
    code: "dependency_cycle",
    message: "cart would wait for itself: cart → shop → cart",
  });
  await expect(service.createApp({ name: "self", dependsOn: ["self"] })).rejects.toMatchObject({ code: "dependency_cycle" });
});

test("in prod what somebody is led to keeps an instance, and what has a preview alone keeps none", async () => {
  const world = await createWorld();
  const { service, ended } = await startProcess(world);
  const place = { app: "shop", env: "prod" };
  const kept = () =>
    Object.entries(mins(world.clusters.of({ namespace: "default-prod" })))
      .map(([name, min]) => `${name} ${min}`)
      .sort();
  const deploy = async (image: string, noTraffic = false) =>
    ended((await service.deployImage({ name: "shop", image, environment: "prod", noTraffic }, "ann")).id);
  // Of a bound over the versions' own, and of windows by the clock, too.
  const ledTo = () =>
    world.clusters.of({ namespace: "default-prod" }).stored.get("shop")?.metadata.annotations?.["autoscaling.ebb.dev/led-to"];
  expect(await deploy("ok-1")).toMatchObject({ state: "succeeded" });
  expect(kept()).toEqual(["shop-00001 1"]);
  expect(ledTo()).toBe("shop-00001");
  await deploy("ok-2", true);
  expect(kept()).toEqual(["shop-00001 1", "shop-00002 0"]);
  expect(ledTo()).toBe("shop-00001");
  const rules = [{ version: "v2", when: [{ on: "header" as const, name: "x-canary", is: "present" as const }] }];
  await ended((await service.setTraffic(place, { targets: [{ version: "v1", percent: 100 }], rules }, "ann")).id);
  expect(kept()).toEqual(["shop-00001 1", "shop-00002 1"]);
  expect(ledTo()).toBe("shop-00001,shop-00002");
  await ended((await service.setTraffic(place, { targets: [{ version: "v2", percent: 100 }], rules: [] }, "ann")).id);
  expect(kept()).toEqual(["shop-00001 0", "shop-00002 1"]);
  expect(ledTo()).toBe("shop-00002");
  await ended((await service.rollback(place, {}, "ann")).id);
  expect(kept()).toEqual(["shop-00001 1", "shop-00002 0"]);
  // No more than one instance of what is only tried, however many it is to have.
  const cluster = world.clusters.of({ namespace: "default-prod" });
  const minAtStart = () => cluster.stored.get("shop")?.spec.template.metadata?.annotations?.["autoscaling.knative.dev/min-scale"];
  await ended(
    (await service.deployImage({ name: "shop", image: "ok-3", environment: "prod", noTraffic: true, scaling: { min: 20 } }, "ann")).id,
  );
  expect(minAtStart()).toBe("0");
  expect(kept()).toEqual(["shop-00001 1", "shop-00002 0", "shop-00003 0"]);
  await ended((await service.setTraffic(place, { targets: [{ version: "v3", percent: 100 }] }, "ann")).id);
  expect(kept()).toEqual(["shop-00001 0", "shop-00002 0", "shop-00003 20"]);
  await ended((await service.rollback(place, {}, "ann")).id);
  // Waking gives instances to no more than had them.
  for (const to of ["sleep", "wake"] as const) {
    await ended((await service.changeSleep({ team: "default", env: "prod", to }, "ann")).id);
    expect(kept()).toEqual([`shop-00001 ${to === "wake" ? 1 : 0}`, "shop-00002 0", "shop-00003 0"]);
  }
});
