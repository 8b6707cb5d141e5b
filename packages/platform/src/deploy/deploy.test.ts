import { TransientError, UserError } from "@ebb/base";
import { describe, expect, test } from "vitest";
import { trafficOf } from "./views.ts";
import { toOperation } from "../operations/store.ts";
import { foreignService, refusal } from "../testing/fake-cluster.ts";
import { ALL, createWorld, type Process, SHOP, startProcess, upload, type World } from "../testing/world.ts";

async function platform(): Promise<Process & { world: World; deploy: (image: string, more?: object) => ReturnType<Process["ended"]> }> {
  const world = await createWorld();
  const process = await startProcess(world);
  const deploy = async (image: string, more: object = {}) =>
    process.ended((await process.service.deployImage({ name: "shop", image, ...more }, "ann")).id);
  return { ...process, world, deploy };
}
const failureOf = (row: Awaited<ReturnType<Process["ended"]>>) => toOperation(row, 0).failure;
const phases = (row: Awaited<ReturnType<Process["ended"]>>) => toOperation(row, 0).phases.map((phase) => `${phase.name} ${phase.state}`);
const served = (world: World) => trafficOf("shop", world.cluster.service("shop"));

describe("a deploy", () => {
  test("of source builds, starts, routes, verifies, and says how long each took", async () => {
    const { world, service, ended } = await platform();
    const row = await ended((await service.deploySource({ ...upload(world, "a"), name: "shop" }, "ann")).id);
    expect(row).toMatchObject({
      state: "succeeded",
      version: "v1",
      url: "http://shop.example:8080",
      preview_url: "http://v1-shop.example:8080",
    });
    expect(phases(row)).toEqual(["unpack", "build", "create", "start", "route", "verify"].map((name) => `${name} succeeded`));
    expect(await service.getPlace(SHOP)).toMatchObject({ state: "ready", latestVersion: "v1", traffic: [{ version: "v1", percent: 100 }] });
    expect(world.uploads.size).toBe(0);
  });

  test("moves all traffic to the new version and keeps a preview of the old", async () => {
    const { world, service, deploy } = await platform();
    await deploy("ok-1");
    expect(await deploy("ok-2")).toMatchObject({ state: "succeeded", version: "v2" });
    expect(served(world)).toEqual([{ version: "v2", percent: 100 }]);
    expect((await service.listVersions(SHOP, ALL)).items.map((version) => [version.name, version.percent, version.previewUrl])).toEqual([
      ["v2", 100, "http://v2-shop.example:8080"],
      ["v1", 0, "http://v1-shop.example:8080"],
    ]);
  });

  test("that comes before the cluster has been seen waits for it, and meanwhile the apps are shown as they were", async () => {
    const { world, service, deploy, clock } = await platform();
    await deploy("ok-1");
    world.cluster.ready = false;
    expect(await service.getPlace(SHOP)).toMatchObject({ state: "unknown", traffic: [{ version: "v1", percent: 100 }] });
    expect((await service.listVersions(SHOP, ALL)).items).toMatchObject([{ name: "v1", state: "unknown", percent: 100 }]);
    await expect(service.rollback(SHOP, { to: "v1" }, "ann")).rejects.toMatchObject({ code: "cluster_unavailable" });
    const { id } = await service.deployImage({ name: "shop", image: "ok-2" }, "ann");
    await clock.advance(2000);
    expect(await service.getOperation(id)).toMatchObject({ state: "running", phases: [{ message: "Waiting for the cluster's answer" }] });
    world.cluster.ready = true;
    await clock.advance(2000);
    expect(await service.getOperation(id)).toMatchObject({ state: "succeeded", version: "v2" });
    expect(await service.getPlace(SHOP)).toMatchObject({ state: "ready", traffic: [{ version: "v2", percent: 100 }] });
    expect((await service.listVersions(SHOP, ALL)).items.map((version) => version.previewUrl)).not.toContain(null);
  });

  test("without traffic gives the version a preview URL only", async () => {
    const { world, deploy } = await platform();
    await deploy("ok-1");
    expect(await deploy("ok-2", { noTraffic: true })).toMatchObject({ state: "succeeded", preview_url: "http://v2-shop.example:8080" });
    expect(served(world)).toEqual([{ version: "v1", percent: 100 }]);
  });

  test.each([
    ["crash", "crash_at_start", "exit code 3"],
    ["missing", "image_unavailable", "no such image"],
    ["deaf", "start_timeout", "34567"],
    ["elsewhere", "start_failed", "34567"],
  ])("of a version that cannot start (%s) says why and leaves the old one serving", async (image, code, words) => {
    const { world, service, deploy } = await platform();
    await deploy("ok-1");
    const row = await deploy(image);
    expect(row).toMatchObject({ state: "failed", version: "v2" });
    const failure = failureOf(row);
    expect(failure).toMatchObject({ code, log: ["last words of shop-00002-pod"] });
    expect(failure?.hint).toBeTruthy();
    expect([failure?.message, ...(failure?.chain ?? [])].join("\n")).toContain(words);
    expect(phases(row).at(-1)).toBe("start failed");
    expect(served(world)).toEqual([{ version: "v1", percent: 100 }]);
    expect(await service.getPlace(SHOP)).toMatchObject({ state: "ready", message: expect.stringContaining("v2") });
    expect((await service.listVersions(SHOP, ALL)).items[0]).toMatchObject({ name: "v2", state: "failed" });
    expect(await deploy("ok-3")).toMatchObject({ state: "succeeded", version: "v3" });
    expect(served(world)).toEqual([{ version: "v3", percent: 100 }]);
  });

  test("that listens elsewhere is told so within seconds, not at the end of its time", async () => {
    const { clock, deploy } = await platform();
    const begun = clock.monotonic();
    expect(await deploy("elsewhere")).toMatchObject({ state: "failed" });
    expect(clock.monotonic() - begun).toBeLessThan(15_000);
  });

  test("that is the first and fails leaves an app that says why and can be deployed again", async () => {
    const { service, deploy } = await platform();
    await deploy("crash");
    expect(await service.getPlace(SHOP)).toMatchObject({ state: "failed", message: expect.stringContaining("exit code 3") });
    expect(await deploy("ok")).toMatchObject({ state: "succeeded", version: "v2" });
    expect(await service.getPlace(SHOP)).toMatchObject({ state: "ready" });
  });

  test("whose build fails has the builder's code and log, and no version", async () => {
    const { world, service, ended } = await platform();
    const error = new UserError("build_failed", "npm run build failed", { hint: "Fix it", details: { log: ["cannot find theme.css"] } });
    const row = await ended((await service.deploySource({ ...upload(world, "a", { error }), defaultName: "My Shop" }, "ann")).id);
    expect(failureOf(row)).toMatchObject({ code: "build_failed", hint: "Fix it", log: ["cannot find theme.css"] });
    expect(phases(row).at(-1)).toBe("build failed");
    expect(await service.getPlace({ ...SHOP, app: "my-shop" })).toMatchObject({ state: "failed", latestVersion: null });
  });

  test("whose version does not answer through the route puts the traffic back", async () => {
    const { world, deploy } = await platform();
    await deploy("ok-1");
    world.cluster.answer = () => 503;
    const row = await deploy("ok-2");
    expect(failureOf(row)).toMatchObject({ code: "verify_failed" });
    expect(served(world)).toEqual([{ version: "v1", percent: 100 }]);
  });

  test("of an app that answers 404 at its root is a success: the answer is the app's", async () => {
    const { world, deploy } = await platform();
    world.cluster.answer = () => 404;
    expect(await deploy("ok-1")).toMatchObject({ state: "succeeded" });
  });

  test("that the cluster refuses ends with the cluster's words", async () => {
    const { world, deploy } = await platform();
    world.cluster.failures = [refusal("invalid value: 99999: spec.template.spec.timeoutSeconds")];
    expect(failureOf(await deploy("ok"))).toMatchObject({ code: "refused_by_cluster", message: expect.stringContaining("timeoutSeconds") });
  });

  test("outlives a cluster that does not answer for a while", async () => {
    const { world, deploy } = await platform();
    world.cluster.failures = [1, 2, 3].map(() => new TransientError("cluster_unavailable", "no answer"));
    expect(await deploy("ok")).toMatchObject({ state: "succeeded" });
  });

  test("never touches a Service that is not Ebb's", async () => {
    const { world, deploy } = await platform();
    world.cluster.stored.set("shop", foreignService("shop"));
    expect(failureOf(await deploy("ok"))).toMatchObject({ code: "name_taken" });
    expect(world.cluster.writes).toEqual([]);
  });

  test("of source whose ebb.yaml names another app goes there, built once", async () => {
    const { world, service, ended } = await platform();
    const row = await ended((await service.deploySource({ ...upload(world, "a", { name: "shop" }), defaultName: "checkout" }, "ann")).id);
    expect(row).toMatchObject({ app: "shop", state: "succeeded" });
    expect(world.builds).toEqual(["a"]);
    await expect(service.getApp("checkout")).rejects.toMatchObject({ code: "app_not_found" });
  });

  test("numbers its versions after those that the cluster still has", async () => {
    const { world, deploy } = await platform();
    await deploy("ok-1");
    await deploy("ok-2");
    const lost = await createWorld();
    lost.clusters = world.clusters;
    const other = await startProcess(lost);
    const operation = await other.service.deployImage({ name: "shop", image: "ok-3" }, "ann");
    expect(await other.ended(operation.id)).toMatchObject({ state: "succeeded", version: "v3" });
  });
});

describe("cancelling", () => {
  test("aborts a build; the app keeps what it had", async () => {
    const { world, service, clock, ended } = await platform();
    const never = new Promise<void>(() => undefined);
    const { id } = await service.deploySource({ ...upload(world, "a", { wait: never }), name: "shop" }, "ann");
    await clock.advance(1000);
    await service.cancelOperation(id);
    expect(await ended(id)).toMatchObject({ state: "cancelled" });
    expect((await service.listVersions(SHOP, ALL)).items.length).toBe(0);
    await expect(service.cancelOperation(id)).rejects.toMatchObject({ code: "operation_not_cancellable" });
  });

  test("of a version that does not start leaves it failed and the traffic where it was", async () => {
    const { world, service, clock, ended, deploy } = await platform();
    await deploy("ok-1");
    const { id } = await service.deployImage({ name: "shop", image: "hang" }, "ann");
    await clock.advance(5000);
    await service.cancelOperation(id);
    expect(await ended(id)).toMatchObject({ state: "cancelled", version: "v2" });
    expect((await service.listVersions(SHOP, ALL)).items[0]).toMatchObject({
      state: "failed",
      message: expect.stringContaining("cancelled"),
    });
    expect(served(world)).toEqual([{ version: "v1", percent: 100 }]);
  });

  test("a deploy that hangs for ever ends at its deadline with the phase it was in", async () => {
    const { deploy } = await platform();
    expect(failureOf(await deploy("hang"))).toMatchObject({ code: "deadline_exceeded", message: expect.stringContaining("start") });
  });
});

describe("traffic", () => {
  test("is split in the order that was asked for, and rolled back to what served before", async () => {
    const { world, service, ended, deploy } = await platform();
    await deploy("ok-1");
    await deploy("ok-2");
    const targets = [
      { version: "v1", percent: 25 },
      { version: "v2", percent: 75 },
    ];
    expect(await ended((await service.setTraffic(SHOP, { targets }, "ann")).id)).toMatchObject({ state: "succeeded" });
    expect(served(world)).toEqual(targets);
    await ended((await service.rollback(SHOP, {}, "ann")).id);
    expect(served(world)).toEqual([{ version: "v1", percent: 100 }]);
    await ended((await service.rollback(SHOP, { to: "v2" }, "ann")).id);
    expect(served(world)).toEqual([{ version: "v2", percent: 100 }]);
  });

  test.each([
    [[{ version: "v1", percent: 90 }], "invalid_traffic"],
    [
      [
        { version: "v1", percent: 50 },
        { version: "v1", percent: 50 },
      ],
      "invalid_traffic",
    ],
    [[{ version: "v9", percent: 100 }], "version_not_found"],
    [[{ version: "v2", percent: 100 }], "version_not_ready"],
  ])("refuses %j (%s)", async (targets, code) => {
    const { service, deploy } = await platform();
    await deploy("ok-1");
    await deploy("crash");
    await expect(service.setTraffic(SHOP, { targets }, "ann")).rejects.toMatchObject({ code });
    await expect(service.rollback(SHOP, {}, "ann")).rejects.toMatchObject({
      code: "nothing_to_roll_back",
      hint: "It has no other: ebb versions shop --env test.",
    });
  });

  test("where nothing served before, a rollback says what else takes everybody back", async () => {
    const { service, ended, deploy } = await platform();
    await deploy("ok-1");
    await deploy("ok-2", { noTraffic: true });
    const hint = async () => {
      const error: unknown = await service.rollback(SHOP, {}, "ann").catch((thrown: unknown) => thrown);
      return (error as { hint?: string }).hint;
    };
    expect(await hint()).toBe("Name the one you want: ebb rollback shop --env test --to v2.");
    const rules = [{ version: "v2", when: [{ on: "header" as const, name: "x-canary", is: "present" as const }] }];
    await ended((await service.setTraffic(SHOP, { targets: [{ version: "v1", percent: 100 }], rules }, "ann")).id);
    expect(await hint()).toBe("Its rules lead some requests elsewhere; they end with: ebb traffic shop --env test --no-rules.");
  });
});

describe("settings", () => {
  const environment = (world: World) => world.cluster.service("shop")?.spec.template.spec.containers[0]?.env;

  test("make a new version of what serves, and stay for the next deploy", async () => {
    const { world, service, ended, deploy } = await platform();
    await deploy("ok-1", { env: { A: "1", B: "2" } });
    const patch = { variables: { B: null, C: "3" } };
    expect(await ended((await service.configuration.patch(SHOP, patch, "ann")).id)).toMatchObject({ state: "succeeded", version: "v2" });
    expect(environment(world)).toEqual([
      { name: "A", value: "1" },
      { name: "C", value: "3" },
    ]);
    expect(await service.configuration.getVariables(SHOP)).toEqual({ variables: { A: "1", C: "3" } });
    await deploy("ok-2", { env: { A: "9", B: "8" } });
    expect(environment(world)).toEqual([
      { name: "A", value: "9" },
      { name: "C", value: "3" },
    ]);
  });

  test("that make a version fail are not kept", async () => {
    const { world, service, ended, deploy } = await platform();
    await deploy("ok-1");
    world.cluster.failures = [refusal("no")];
    expect(await ended((await service.configuration.patch(SHOP, { variables: { A: "1" } }, "ann")).id)).toMatchObject({ state: "failed" });
    expect(await service.configuration.getVariables(SHOP)).toEqual({ variables: {} });
  });

  test("that are secret are in the cluster, and in the database encrypted only; in no answer", async () => {
    const { world, service, db, ended, deploy } = await platform();
    await deploy("ok-1", { env: { TOKEN: "plain" } });
    await ended((await service.configuration.patch(SHOP, { secrets: { TOKEN: "hush-1", KEY: "hush-2" } }, "ann")).id);
    await ended((await service.configuration.patch(SHOP, { secrets: { KEY: null, OTHER: "hush-3" } }, "ann")).id);
    expect((await service.configuration.listSecrets(SHOP)).items.map((item) => item.name)).toEqual(["OTHER", "TOKEN"]);
    const object = environment(world)?.find((variable) => variable.name === "TOKEN")?.valueFrom?.secretKeyRef;
    expect(world.cluster.secrets.get(object?.name ?? "")?.values).toEqual({ TOKEN: "hush-1", OTHER: "hush-3" });
    expect(JSON.stringify(environment(world))).not.toMatch(/plain|hush/);
    for (const table of ["operations", "operation_logs", "apps", "versions", "config_values", "sealed_changes", "audit"] as const) {
      expect(JSON.stringify(await db.selectFrom(table).selectAll().execute())).not.toContain("hush");
    }
    expect(await db.selectFrom("sealed_changes").selectAll().execute()).toEqual([]);
  });

  test("can be set before the first version", async () => {
    const { world, service, ended, deploy } = await platform();
    const error = new UserError("build_failed", "no");
    await ended((await service.deploySource({ ...upload(world, "a", { error }), name: "shop" }, "ann")).id);
    expect(await ended((await service.configuration.patch(SHOP, { secrets: { KEY: "x" } }, "ann")).id)).toMatchObject({
      state: "succeeded",
      version: null,
    });
    await deploy("ok-1");
    expect(environment(world)?.map((variable) => variable.name)).toEqual(["KEY"]);
  });

  test("that the source asks for and nobody set are named", async () => {
    const { world, service, ended } = await platform();
    const source = upload(world, "a", { plan: { secrets: { DB: "db-url" } } });
    const row = await ended((await service.deploySource({ ...source, name: "shop" }, "ann")).id);
    expect(failureOf(row)).toMatchObject({ code: "secret_missing", message: expect.stringContaining("db-url") });
  });

  test.each([["PORT"], ["K_SERVICE"]])("refuse %s", async (name) => {
    const { service, deploy } = await platform();
    await deploy("ok-1");
    await expect(service.configuration.patch(SHOP, { variables: { [name]: "1" } }, "ann")).rejects.toMatchObject({
      code: "reserved_variable",
    });
    await expect(service.configuration.patch(SHOP, { secrets: { [name]: "1" } }, "ann")).rejects.toMatchObject({
      code: "reserved_variable",
    });
  });
});

test("deleting an app leaves nothing of it, and the name can be used again", async () => {
  const { world, service, ended, deploy } = await platform();
  await deploy("ok-1");
  await ended((await service.configuration.patch(SHOP, { secrets: { KEY: "x" } }, "ann")).id);
  const first = await service.deleteApp("shop", "ann");
  expect((await service.deleteApp("shop", "ann")).id).toBe(first.id);
  await expect(service.configuration.patch(SHOP, { variables: {} }, "ann")).rejects.toMatchObject({ code: "app_being_deleted" });
  expect(await ended(first.id)).toMatchObject({ state: "succeeded" });
  await expect(service.getPlace(SHOP)).rejects.toMatchObject({ code: "app_not_found" });
  expect([world.cluster.stored.size, world.cluster.secrets.size]).toEqual([0, 0]);
  expect(await deploy("ok-2")).toMatchObject({ state: "succeeded", version: "v1" });
});
