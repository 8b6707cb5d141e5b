import { TRAFFIC_POLICY } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { MAIN_CLUSTER } from "../environments/store.ts";
import { toOperation } from "../operations/store.ts";
import { createWorld, Died, startProcess, type Process, type World } from "../testing/world.ts";
import { trafficOf } from "./views.ts";

const SHOP = { app: "shop", env: "test" };
const MOVE = { team: "default", env: "test", body: { cluster: "far" } };

interface Moved extends Process {
  world: World;
  here: World["cluster"];
  there: World["cluster"];
}

/** Shop has three versions, of which v2 serves, v1 served before, and v3 is led to by a rule; cart has one. */
async function platform(world?: World): Promise<Moved> {
  const at = world ?? (await createWorld());
  const process = await startProcess(at);
  if (!world) {
    await process.db
      .insertInto("clusters")
      .values({ name: "far", server: "https://far", ingress: "127.0.0.1:80", sealed: "", created_at: 0, created_by: "ann" })
      .execute();
    const { service, ended } = process;
    for (const image of ["ok-1", "ok-2"]) await ended((await service.deployImage({ name: "shop", image }, "ann")).id);
    await ended((await service.configuration.patch(SHOP, { secrets: { KEY: "s3cret" } }, "ann")).id);
    await ended((await service.deployImage({ name: "shop", image: "ok-4", noTraffic: true }, "ann")).id);
    await ended((await service.deployImage({ name: "cart", image: "ok-1" }, "ann")).id);
    const rules = [{ version: "v4", when: [{ on: "header" as const, name: "x-canary", is: "exact" as const, value: "1" }] }];
    await ended((await service.setTraffic(SHOP, { targets: [{ version: "v3", percent: 100 }], rules }, "ann")).id);
    const policy = JSON.stringify({ deny: [{ address: "192.0.2.0/24" }] });
    await at.cluster.markService("shop", { labels: {}, annotations: { [TRAFFIC_POLICY]: policy, "autoscaling.ebb.dev/max-scale": "7" } });
  }
  return { ...process, world: at, here: at.cluster, there: at.clusters.of({ cluster: "far", namespace: "default-test" }) };
}

async function where({ db }: Pick<Process, "db">) {
  const environment = await db
    .selectFrom("environments")
    .select(["cluster", "namespace"])
    .where("name", "=", "test")
    .executeTakeFirstOrThrow();
  const places = await db.selectFrom("app_environments").select("cluster").distinct().where("env", "=", "test").execute();
  return { ...environment, places: places.map(({ cluster }) => cluster) };
}
const DEATHS = 8;
const HERE = { cluster: MAIN_CLUSTER, namespace: "default", places: [MAIN_CLUSTER] };
const THERE = { cluster: "far", namespace: "default-test", places: ["far"] };
const has = (cluster: World["cluster"]) => [[...cluster.stored.keys()].sort(), [...cluster.storedRevisions.keys()].sort()];
const NOTHING = [[], []];

function expectAllThere({ here, there }: Pick<Moved, "here" | "there">): void {
  expect(has(here)).toEqual(NOTHING);
  expect(has(there)).toEqual([
    ["cart", "shop"],
    ["cart-00001", "shop-00002", "shop-00003", "shop-00004"],
  ]);
  expect(trafficOf("shop", there.service("shop"))).toEqual([{ version: "v3", percent: 100 }]);
  expect(there.sends("shop")).toEqual({ plain: "v3", ruled: "v4" });
  expect([...there.secrets.values()].map(({ app, values }) => [app, Object.values(values)])).toContainEqual(["shop", ["s3cret"]]);
  expect(there.service("shop")?.metadata.annotations).toMatchObject({
    [TRAFFIC_POLICY]: JSON.stringify({ deny: [{ address: "192.0.2.0/24" }] }),
    "autoscaling.ebb.dev/max-scale": "7",
  });
  expect(here.virtualServices.size + here.secrets.size).toBe(0);
}

describe("an environment that moves", () => {
  test("says before what goes along and why, what is lost, and all that keeps it", async () => {
    const { service, ended, world, db, there } = await platform();
    const before = [...world.cluster.stored.keys()];
    // v1 served first, v2 before v3, and both serve no more when the cluster has let v1 go.
    const plan = await service.planMove(MOVE);
    expect(plan).toEqual({
      from: "fake",
      to: "far",
      namespace: "default-test",
      approvals: 0,
      refusals: [],
      apps: [
        { app: "cart", host: "cart-test", versions: [{ version: "v1", because: "serves", bundle: false }], lost: [], domains: [] },
        {
          app: "shop",
          host: "shop-test",
          versions: [
            { version: "v2", because: "before", bundle: false },
            { version: "v3", because: "serves", bundle: false },
            { version: "v4", because: "routed", bundle: false },
          ],
          lost: ["v1"],
          domains: [],
        },
      ],
    });
    expect([...world.cluster.stored.keys()]).toEqual(before);
    expect(there.stored.size).toBe(0);
    await service.patchVersion(SHOP, "v1", { pinned: true }, "ann");
    expect((await service.planMove(MOVE)).apps[1]).toMatchObject({
      lost: [],
      versions: [{ version: "v1", because: "pinned" }, {}, {}, {}],
    });
    // Nothing is tried one after the other to find out.
    await service.createEnvironment("default", { name: "live", template: "prod", cluster: "far" });
    await ended((await service.deployImage({ name: "shop", image: "ok-1", environment: "live" }, "ann")).id);
    await db.updateTable("app_environments").set({ host: "shop-test" }).where("env", "=", "live").execute();
    const freezes = [{ why: "Christmas", from: "2020-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" }];
    await service.patchEnvironment("default", "test", { freezes, approvals: 2 });
    there.ready = false;
    const kept = await service.planMove(MOVE);
    expect(kept.refusals.map(({ code }) => code)).toEqual(["cluster_unavailable", "host_taken", "environment_frozen"]);
    expect(kept.approvals).toBe(2);
    const home = await service.planMove({ ...MOVE, body: { cluster: "fake" } });
    expect(home.refusals.map(({ code }) => code)).toEqual(["environment_on_cluster", "environment_frozen"]);
  });

  test("has what serves, what rules lead to and what served before on the other cluster, and nothing is left on its own", async () => {
    const process = await platform();
    const { service, ended } = process;
    const row = await ended((await service.moveEnvironment(MOVE, "ann")).id);
    expect(toOperation(row, 0)).toMatchObject({ state: "succeeded", failure: null });
    expect(toOperation(row, 0).phases.map(({ name }) => name)).toEqual(["check", "copy", "switch", "remove"]);
    expect(await where(process)).toEqual(THERE);
    expectAllThere(process);
    const trail = await process.db.selectFrom("audit").selectAll().where("action", "=", "environment.moved").execute();
    expect(trail.map(({ before_json, after_json }) => [before_json, after_json])).toEqual([
      ['{"cluster":"fake","namespace":"default"}', '{"cluster":"far","namespace":"default-test"}'],
    ]);
    expect(await service.getPlace(SHOP)).toMatchObject({ state: "ready", traffic: [{ version: "v3", percent: 100 }] });
    // What comes next goes there, and back goes everything as well.
    expect(await ended((await service.deployImage({ name: "shop", image: "ok-5" }, "ann")).id)).toMatchObject({
      state: "succeeded",
      version: "v5",
    });
    expect([...process.there.storedRevisions.keys()]).toContain("shop-00005");
    expect(await ended((await service.moveEnvironment({ ...MOVE, body: { cluster: "fake" } }, "ann")).id)).toMatchObject({
      state: "succeeded",
    });
    expect(await where(process)).toEqual({ ...HERE, namespace: "default-test" });
    expect(has(process.there)).toEqual(NOTHING);
  });

  test("that fails before the switch leaves nothing there, and is as it was", async () => {
    const process = await platform();
    const before = has(process.here);
    process.there.failures = [new Error("no room there")];
    const row = await process.ended((await process.service.moveEnvironment(MOVE, "ann")).id);
    expect(row).toMatchObject({ state: "failed" });
    expect(await where(process)).toEqual(HERE);
    expect([has(process.here), has(process.there)]).toEqual([before, NOTHING]);
  });

  test("can be cancelled until everybody is led there", async () => {
    const process = await platform();
    const before = has(process.here);
    process.there.ready = false;
    const ready = process.service.moveEnvironment(MOVE, "ann");
    await expect(ready).rejects.toMatchObject({ code: "cluster_unavailable" });
    process.there.ready = true;
    const { id } = await process.service.moveEnvironment(MOVE, "ann");
    // The first thing that is written there is all that is done.
    process.there.onWrite = () => {
      process.there.onWrite = () => undefined;
      void process.engine.cancel(id);
    };
    expect(await process.ended(id)).toMatchObject({ state: "cancelled" });
    expect(await where(process)).toEqual(HERE);
    expect([has(process.here), has(process.there)]).toEqual([before, NOTHING]);
  });

  test("leaves the old one serving for as long as it is told", async () => {
    const process = await platform();
    const before = has(process.here);
    const { id } = await process.service.moveEnvironment({ ...MOVE, body: { cluster: "far", holdSeconds: 600 } }, "ann");
    for (let i = 0; i < 200 && (await process.service.getOperation(id)).phases.at(-1)?.name !== "hold"; i++)
      await process.clock.advance(250);
    await process.clock.advance(300_000);
    expect(await where(process)).toEqual(THERE);
    expect(has(process.here)).toEqual(before);
    await expect(process.engine.cancel(id)).rejects.toMatchObject({ code: "operation_not_cancellable" });
    expect(await process.ended(id)).toMatchObject({ state: "succeeded" });
    expectAllThere(process);
  });

  test("that sleeps sleeps there as well", async () => {
    const process = await platform();
    const { service, ended, there } = process;
    await ended((await service.changeSleep({ team: "default", env: "test", to: "sleep", body: { onRequest: "refuse" } }, "ann")).id);
    expect(await ended((await service.moveEnvironment(MOVE, "ann")).id)).toMatchObject({ state: "succeeded" });
    expect([...there.storedRevisions.values()].map(({ metadata }) => metadata.annotations?.["autoscaling.knative.dev/min-scale"])).toEqual([
      "0",
      "0",
      "0",
      "0",
    ]);
    expect(JSON.stringify(there.virtualServices.get("shop"))).toContain("503");
  });

  test("is refused in words where it cannot", async () => {
    const { service, ended, db } = await platform();
    const move = (cluster: string, env = "test") => service.moveEnvironment({ team: "default", env, body: { cluster } }, "ann");
    await expect(move("nowhere")).rejects.toMatchObject({ code: "cluster_not_found" });
    await expect(move("fake")).rejects.toMatchObject({ code: "environment_on_cluster", message: "test of default is on fake already" });
    await expect(move("far", "none")).rejects.toMatchObject({ code: "environment_not_found" });
    await service.createEnvironment("default", { name: "live", template: "prod", cluster: "far" });
    await ended((await service.deployImage({ name: "shop", image: "ok-1", environment: "live" }, "ann")).id);
    await db.updateTable("app_environments").set({ host: "shop-test" }).where("env", "=", "live").execute();
    await expect(move("far")).rejects.toMatchObject({
      code: "host_taken",
      message: "On far the host shop-test of shop is that of shop in live",
      hint: "Give one of the two another: ebb host shop --env test NAME.",
    });
  });
});

test("whatever step the platform dies at, the environment is whole on one cluster and gone from the other", async () => {
  const steps = await dying(undefined);
  expect(steps).toBeGreaterThan(40);
  // Some of them, over the whole way; which ones differs with each change of the code.
  for (let dieAfter = 3; dieAfter < steps; dieAfter += Math.ceil(steps / DEATHS)) await dying(dieAfter);
});

/** Moves with a death after so many steps, and goes on in another process; says how many steps there were. */
async function dying(dieAfter: number | undefined): Promise<number> {
  const before = await platform();
  await before.engine.stop();
  const { id } = await before.service.moveEnvironment(MOVE, "ann");
  await before.kill();
  const victim = await startProcess(before.world, dieAfter === undefined ? {} : { dieAfter });
  await victim.ended(id).catch((error: unknown) => {
    if (!(error instanceof Died)) throw error;
  });
  await victim.kill();
  const heir = await startProcess(before.world);
  expect(await heir.ended(id), `died after ${dieAfter}`).toMatchObject({ state: "succeeded" });
  expect(await where(heir)).toEqual(THERE);
  expectAllThere(before);
  await heir.stop();
  return victim.steps();
}
