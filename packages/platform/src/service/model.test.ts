import { describe, expect, test } from "vitest";
import { toOperation } from "../operations/store.ts";
import { ALL, createWorld, SHOP, startProcess, upload, type Process, type World } from "../testing/world.ts";

const PROD = { app: "shop", env: "prod" } as const;

async function platform(): Promise<Process & { world: World; done: (operation: { id: string }) => ReturnType<Process["ended"]> }> {
  const world = await createWorld();
  const process = await startProcess(world);
  return { ...process, world, done: ({ id }) => process.ended(id) };
}
const image = (name: string, more: object = {}) => ({ name, image: "ok-1", ...more });
const failureOf = (row: Awaited<ReturnType<Process["ended"]>>) => toOperation(row, 0).failure;

describe("a deploy", () => {
  test("goes to the first environment of the app's team, or to the one that is named", async () => {
    const { world, service, done } = await platform();
    await done(await service.deployImage(image("shop"), "ann"));
    await done(await service.deployImage(image("shop", { environment: "prod" }), "ann"));
    const app = await service.getApp("shop");
    expect(app.environments.map(({ environment, state, host }) => [environment, state, host])).toEqual([
      ["test", "ready", "shop-test"],
      ["prod", "ready", "shop"],
    ]);
    const annotations = (namespace: string) => world.clusters.of({ namespace }).service("shop")?.metadata.annotations;
    expect(annotations("default")).toMatchObject({ "ebb.dev/host": "shop-test", "ebb.dev/host-suffix": "-test" });
    expect(annotations("default-prod")).toMatchObject({ "ebb.dev/host": "shop", "ebb.dev/host-suffix": "" });
  });

  test("has the environment's defaults within its limits, as they are at that time", async () => {
    const { world, service, done } = await platform();
    const scaling = (namespace: string) => {
      const annotations = world.clusters.of({ namespace }).service("shop")?.spec.template.metadata?.annotations ?? {};
      const scaled = Object.entries(annotations).filter(([key]) => key.startsWith("autoscaling."));
      return scaled.map(([key, value]) => `${key.replace("autoscaling.knative.dev/", "")} ${value}`);
    };
    await service.patchEnvironment("default", "test", { limits: { maxInstances: 3 }, scaling: { idleSeconds: 20 } });
    await done(await service.deployImage(image("shop", { scaling: { min: 5, max: 9 } }), "ann"));
    expect(scaling("default")).toEqual(["min-scale 3", "max-scale 3", "window 20s"]);
    await done(await service.promote(PROD, { from: "test" }, "ann"));
    expect(scaling("default-prod")).toEqual(["min-scale 5", "max-scale 9"]);
    await done(await service.deployImage(image("shop", { environment: "prod" }), "ann"));
    expect(scaling("default-prod")).toEqual(["min-scale 1", "max-scale 0"]);
  });

  test("of a team's own goes to its own environments, and another team cannot have its app", async () => {
    const { world, service, done } = await platform();
    await service.createTeam({ name: "shopping", environments: ["stable", "prod"] });
    expect(await done(await service.deployImage(image("shop", { team: "shopping" }), "ann"))).toMatchObject({
      state: "succeeded",
      env: "stable",
    });
    expect(world.clusters.of({ namespace: "shopping-stable" }).service("shop")).toBeDefined();
    // The team of an app that is there needs no name.
    expect(await done(await service.deployImage(image("shop"), "ann"))).toMatchObject({
      state: "succeeded",
      team: "shopping",
      version: "v2",
    });
    await expect(service.deployImage(image("shop", { team: "default" }), "ann")).rejects.toMatchObject({ code: "app_in_other_team" });
    const source = { ...upload(world, "a", { name: "shop" }), defaultName: "folder" };
    expect(failureOf(await done(await service.deploySource(source, "ann")))).toMatchObject({ code: "app_in_other_team" });
  });

  test.each([
    ["a team that is not there", { team: "nobody" }, "team_not_found"],
    ["an environment that is not there", { environment: "nowhere" }, "environment_not_found"],
    ["a name that is no host with the suffix", { name: "a".repeat(52) }, "name_too_long"],
  ])("to %s is refused", async (_, more, code) => {
    const { service } = await platform();
    await expect(service.deployImage(image("shop", more), "ann")).rejects.toMatchObject({ code });
  });
});

describe("promoting", () => {
  test("brings the very artifact with the configuration of the environment that it comes to", async () => {
    const { world, service, done } = await platform();
    await done(
      await service.deploySource(
        { ...upload(world, "a", { image: `img@sha256:${"1".repeat(64)}` }), name: "shop", commit: "abc123" },
        "ann",
      ),
    );
    await done(await service.configuration.patch(SHOP, { variables: { MODE: "test" } }, "ann"));
    await done(await service.configuration.patch(PROD, { variables: { MODE: "live" } }, "ann"));
    expect(await service.getPlace(PROD)).toMatchObject({ state: "empty", latestVersion: null });
    const row = await done(await service.promote(PROD, { from: "test" }, "ann"));
    expect(row).toMatchObject({ kind: "promote", state: "succeeded", version: "v1", env: "prod" });
    expect(toOperation(row, 0).phases.map(({ name }) => name)).toEqual(["create", "start", "route", "verify"]);
    expect(world.builds).toEqual(["a"]);
    expect(await service.getVersion(PROD, "v1")).toMatchObject({
      digest: `sha256:${"1".repeat(64)}`,
      commit: "abc123",
      promotedFrom: { environment: "test", version: "v2" },
      percent: 100,
    });
    expect(await service.configuration.getVariables(PROD)).toEqual({ variables: { MODE: "live" } });
    expect(await service.diffVersions(PROD, { from: "v2", to: "v1", fromEnvironment: "test" })).toMatchObject({
      sameArtifact: true,
      changes: [
        { path: "scaling.min", from: "0", to: "1" },
        { path: "variables.MODE", from: "test", to: "live" },
      ],
    });
  });

  test("says which secret the environment has not", async () => {
    const { world, service, done } = await platform();
    await done(await service.createApp({ name: "shop" }).then(() => service.configuration.patch(SHOP, { secrets: { KEY: "x" } }, "ann")));
    await done(await service.deploySource({ ...upload(world, "a", { plan: { secrets: { API_KEY: "KEY" } } }), name: "shop" }, "ann"));
    expect(failureOf(await done(await service.promote(PROD, { from: "test" }, "ann")))).toMatchObject({ code: "secret_missing" });
    expect(await service.getPlace(PROD)).toMatchObject({ state: "failed", message: expect.stringContaining("KEY") });
  });

  test.each([
    ["from where nothing serves", { from: "staging" }, "app_not_in_environment"],
    ["a version that is not there", { from: "test", version: "v9" }, "version_not_found"],
    ["to where it is", { from: "prod" }, "invalid_request"],
  ])("%s is refused and leaves nothing behind", async (_, body, code) => {
    const { service, done } = await platform();
    await done(await service.deployImage(image("shop"), "ann"));
    await expect(service.promote(PROD, body, "ann")).rejects.toMatchObject({ code });
    expect((await service.getApp("shop")).environments.map(({ environment }) => environment)).toEqual(["test"]);
  });
});

describe("a host", () => {
  test("can be another than the name, once on a cluster, and is told to the cluster at once", async () => {
    const { world, service, done } = await platform();
    await done(await service.deployImage(image("shop"), "ann"));
    await done(await service.deployImage(image("blog"), "ann"));
    expect(await done(await service.patchPlace(SHOP, { host: "store" }, "ann"))).toMatchObject({ state: "succeeded", version: null });
    expect(world.cluster.service("shop")?.metadata.annotations).toMatchObject({ "ebb.dev/host": "store" });
    await expect(service.patchPlace({ app: "blog", env: "test" }, { host: "store" }, "ann")).rejects.toMatchObject({ code: "host_taken" });
    await done(await service.patchPlace(SHOP, { host: null }, "ann"));
    expect(await service.getPlace(SHOP)).toMatchObject({ host: "shop-test" });
  });

  test("of one app may not be that of another in another environment", async () => {
    const { service } = await platform();
    await service.deployImage(image("shop"), "ann");
    await expect(service.deployImage(image("shop-test", { environment: "prod" }), "ann")).rejects.toMatchObject({ code: "host_taken" });
  });
});

describe("deleting", () => {
  test("an app in one environment leaves it in the others; the app goes from all", async () => {
    const { world, service, done } = await platform();
    await done(await service.deployImage(image("shop"), "ann"));
    await done(await service.promote(PROD, { from: "test" }, "ann"));
    await done(await service.deletePlace(SHOP, "ann"));
    expect((await service.getApp("shop")).environments.map(({ environment }) => environment)).toEqual(["prod"]);
    expect(world.cluster.service("shop")).toBeUndefined();
    await done(await service.deleteApp("shop", "ann"));
    expect(world.clusters.of({ namespace: "default-prod" }).service("shop")).toBeUndefined();
    await expect(service.getApp("shop")).rejects.toMatchObject({ code: "app_not_found" });
  });

  test("an environment takes its apps and its namespace with it, and nothing can be put there meanwhile", async () => {
    const { world, service, done } = await platform();
    await service.createEnvironment("default", { name: "demo" });
    await done(await service.deployImage(image("shop"), "ann"));
    await done(await service.promote({ app: "shop", env: "demo" }, { from: "test" }, "ann"));
    const demo = world.clusters.of({ namespace: "default-demo" });
    expect([demo.namespace, (await service.getEnvironment("default", "demo")).apps]).toEqual([true, 1]);
    const before = await service.deployImage({ name: "shop", image: "hang", environment: "demo" }, "ann");
    const deletion = await service.deleteEnvironment("default", "demo", "ann");
    expect((await service.deleteEnvironment("default", "demo", "ann")).id).toBe(deletion.id);
    await expect(service.deployImage(image("shop", { environment: "demo" }), "ann")).rejects.toMatchObject({
      code: "environment_being_deleted",
    });
    await service.cancelOperation(before.id);
    expect(await done(deletion)).toMatchObject({ state: "succeeded", app: "", env: "demo" });
    expect([demo.namespace, demo.service("shop")]).toEqual([false, undefined]);
    await expect(service.getEnvironment("default", "demo")).rejects.toMatchObject({ code: "environment_not_found" });
    expect((await service.getApp("shop")).environments.map(({ environment }) => environment)).toEqual(["test"]);
  });

  test("a team is refused while it has apps, then takes its environments with it; default stays", async () => {
    const { service, done } = await platform();
    await service.createTeam({ name: "red" });
    await service.createApp({ name: "shop", team: "red" });
    await expect(service.deleteTeam("red", "ann")).rejects.toMatchObject({ code: "team_in_use" });
    await expect(service.deleteTeam("default", "ann")).rejects.toMatchObject({ code: "team_in_use" });
    await done(await service.deleteApp("shop", "ann"));
    expect(await done(await service.deleteTeam("red", "ann"))).toMatchObject({ state: "succeeded" });
    await expect(service.getTeam("red")).rejects.toMatchObject({ code: "team_not_found" });
    expect((await service.listTeams(undefined)).map(({ name }) => name)).toEqual(["default"]);
  });
});

test("teams and environments are made from templates, changed, and made once", async () => {
  const { service } = await platform();
  expect(await service.getTeam("default")).toMatchObject({ environments: ["test", "staging", "prod"], apps: 0 });
  expect(await service.createTeam({ name: "red", description: "Payments" })).toMatchObject({
    description: "Payments",
    environments: ["test", "staging", "prod"],
  });
  await expect(service.createTeam({ name: "red" })).rejects.toMatchObject({ code: "team_exists" });
  await expect(service.createTeam({ name: "kube" })).rejects.toMatchObject({ code: "invalid_request" });
  expect(await service.createEnvironment("red", { name: "canary", template: "prod", order: 35 })).toMatchObject({
    warm: true,
    namespace: "red-canary",
    hostSuffix: "",
    deployRole: "releaser",
    approvals: 0,
    rollbacksWait: false,
  });
  await expect(service.createEnvironment("red", { name: "canary" })).rejects.toMatchObject({ code: "environment_exists" });
  expect(await service.patchEnvironment("red", "canary", { warm: false, approvals: 2 })).toMatchObject({
    warm: false,
    approvals: 2,
    order: 35,
  });
  expect((await service.listEnvironments("red")).map(({ name }) => name)).toEqual(["test", "staging", "canary", "prod"]);
});

test("an app has metadata before anything is deployed", async () => {
  const { service } = await platform();
  expect(await service.createApp({ name: "shop", owner: "ann", labels: { tier: "gold" } })).toMatchObject({
    owner: "ann",
    labels: { tier: "gold" },
    environments: [],
  });
  expect(await service.patchApp("shop", { contacts: ["ann@example.org"] })).toMatchObject({ owner: "ann", contacts: ["ann@example.org"] });
  await expect(service.createApp({ name: "shop" })).rejects.toMatchObject({ code: "app_exists" });
});

test("versions and operations are told by pages", async () => {
  const { service, done } = await platform();
  for (const image of ["ok-1", "ok-2", "ok-3"]) await done(await service.deployImage({ name: "shop", image }, "ann"));
  const first = await service.listVersions(SHOP, { limit: 2 });
  expect(first.items.map(({ name }) => name)).toEqual(["v3", "v2"]);
  const rest = await service.listVersions(SHOP, { limit: 2, cursor: first.next ?? "" });
  expect([rest.items.map(({ name }) => name), rest.next]).toEqual([["v1"], null]);
  const operations = await service.listOperations({ visible: undefined, limit: 2, app: "shop" });
  const more = await service.listOperations({ visible: undefined, limit: 2, app: "shop", cursor: operations.next ?? "" });
  expect([...operations.items, ...more.items].map(({ version }) => version)).toEqual(["v3", "v2", "v1"]);
  expect((await service.listOperations({ visible: undefined, ...ALL, environment: "prod" })).items).toEqual([]);
  await done(await service.deployImage({ name: "shop", image: "crash" }, "bob"));
  const narrowed = async (to: { state?: "succeeded" | "failed"; by?: string }) =>
    (await service.listOperations({ visible: undefined, ...ALL, ...to })).items.map(({ version, createdBy }) => `${version} ${createdBy}`);
  expect(await narrowed({ by: "bob" })).toEqual(["v4 bob"]);
  expect(await narrowed({ state: "succeeded" })).toEqual(["v3 ann", "v2 ann", "v1 ann"]);
  expect(await narrowed({ state: "succeeded", by: "bob" })).toEqual([]);
  await expect(service.listOperations({ visible: undefined, limit: 2, cursor: "x" })).rejects.toMatchObject({ code: "invalid_request" });
});
