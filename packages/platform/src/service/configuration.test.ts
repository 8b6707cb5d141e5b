import { describe, expect, test } from "vitest";
import { adoptAllSecrets } from "../configuration/adopt.ts";
import { createWorld, SHOP, startProcess, type World } from "../testing/world.ts";

const PROD = { app: "shop", env: "prod" } as const;
const PLATFORM = { team: "", env: "" } as const;
const TEAM = { team: "default", env: "" } as const;
const IN_PROD = { team: "default", env: "prod" } as const;

async function platform() {
  const world = await createWorld();
  const process = await startProcess(world);
  const { service, ended } = process;
  const deploy = async (name: string, environment: string, env: Record<string, string> = {}) =>
    ended((await service.deployImage({ name, image: "ok", environment, env }, "ann")).id);
  const patch = async (layer: { team: string; env: string }, body: Parameters<typeof service.configuration.patchLayer>[1]) => {
    const { operations } = await service.configuration.patchLayer(layer, body, "root");
    const rows = [];
    for (const { id } of operations) rows.push(await ended(id));
    return rows.map(({ app, env, state, version }) => `${app} ${env} ${version ?? "-"} ${state}`);
  };
  return { ...process, world, deploy, patch };
}

const given = (world: World, namespace: string, app = "shop") => {
  const cluster = world.clusters.of({ namespace });
  const env = cluster.service(app)?.spec.template.spec.containers[0]?.env ?? [];
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => {
      const reference = valueFrom?.secretKeyRef;
      return [name, reference ? `secret ${cluster.secrets.get(reference.name)?.values[reference.key] ?? "?"}` : value];
    }),
  );
};

describe("a layer above the apps", () => {
  test("gives each app that it reaches a new version, and leaves the others alone", async () => {
    const { world, deploy, patch, service } = await platform();
    await deploy("shop", "test", { A: "source", B: "source" });
    await deploy("shop", "prod", { A: "source", B: "source" });
    await deploy("blog", "prod", { C: "c" });
    expect(await patch(PLATFORM, { variables: { A: "platform" } })).toEqual([
      "blog prod v2 succeeded",
      "shop prod v2 succeeded",
      "shop test v2 succeeded",
    ]);
    expect(await patch(IN_PROD, { variables: { A: "prod" } })).toEqual(["blog prod v3 succeeded", "shop prod v3 succeeded"]);
    // Below it something else is stated, or it is what there was: no new version.
    expect(await patch(PLATFORM, { variables: { A: "platform 2" } })).toEqual(["shop test v3 succeeded"]);
    expect(await patch(TEAM, { variables: { A: "platform 2" } })).toEqual([]);
    expect(given(world, "default-prod")).toEqual({ A: "prod", B: "source" });
    expect(given(world, "default")).toEqual({ A: "platform 2", B: "source" });
    const { items, fault } = await service.configuration.get(PROD);
    expect(fault).toBeNull();
    expect(items.map(({ name, value, layer, over }) => [name, value, layer, over])).toEqual([
      ["A", "prod", "environment", ["source", "platform", "team"]],
      ["B", "source", "source", []],
    ]);
  });

  test("may hold secrets, which others refer to; no table, event or answer has a value", async () => {
    const { world, db, deploy, patch, service } = await platform();
    await deploy("shop", "test", { URL: "postgres://app:${PASSWORD}@db", PASSWORD: "dev" });
    expect(given(world, "default")).toEqual({ URL: "postgres://app:dev@db", PASSWORD: "dev" });
    expect(await patch(TEAM, { secrets: { PASSWORD: "hush" } })).toEqual(["shop test v2 succeeded"]);
    expect(given(world, "default")).toEqual({ URL: "secret postgres://app:hush@db", PASSWORD: "secret hush" });
    const answers = [
      await service.configuration.get(SHOP),
      await service.configuration.getLayer(TEAM),
      await service.configuration.getVariables(SHOP),
      await service.getVersion(SHOP, "v2"),
      await service.diffVersions(SHOP, { from: "v1", to: "v2" }),
      await service.configuration.planLayer(TEAM, { secrets: { PASSWORD: "hush-2" } }),
    ];
    expect(JSON.stringify(answers)).not.toContain("hush");
    for (const table of ["operations", "versions", "config_values", "sealed_changes", "audit", "data_keys", "approval_requests"] as const) {
      expect(JSON.stringify(await db.selectFrom(table).selectAll().execute()), table).not.toContain("hush");
    }
    // Another value is another version, the same one is none.
    expect(await patch(TEAM, { secrets: { PASSWORD: "hush" } })).toEqual([]);
    expect(await patch(TEAM, { secrets: { PASSWORD: "hush-2" } })).toEqual(["shop test v3 succeeded"]);
    const { changes } = await service.diffVersions(SHOP, { from: "v2", to: "v3" });
    expect(changes).toEqual([
      { path: "secrets.PASSWORD", from: "set", to: "set anew" },
      { path: "secrets.URL", from: "set", to: "set anew" },
    ]);
  });

  test("tells what a change would do before it does it, and does nothing", async () => {
    const { db, deploy, service } = await platform();
    await deploy("shop", "test");
    await service.configuration.patch(PROD, { variables: { OWN: "1" } }, "ann");
    const before = await db.selectFrom("operations").select("id").execute();
    const patch = { variables: { A: "1" }, secrets: { S: "hush" } };
    expect((await service.configuration.planLayer(TEAM, patch)).apps).toMatchObject([
      { app: "shop", environment: "prod", newVersion: false },
      {
        app: "shop",
        environment: "test",
        newVersion: true,
        approvals: 0,
        fault: null,
        changes: [
          { path: "secrets.S", from: null, to: "set" },
          { path: "variables.A", from: null, to: "1" },
        ],
      },
    ]);
    expect(await db.selectFrom("operations").select("id").execute()).toEqual(before);
    expect((await service.configuration.getLayer(TEAM)).items).toEqual([]);
  });

  test("that would break an app is refused whole, with the app and the chain", async () => {
    const { deploy, patch, service } = await platform();
    await deploy("blog", "test", { URL: "/" });
    await deploy("shop", "test", { URL: "http://${HOST}", HOST: "x" });
    await expect(patch(TEAM, { variables: { HOST: "${URL}", OTHER: "1" } })).rejects.toMatchObject({
      code: "configuration_invalid",
      message: expect.stringMatching(/shop in test: .*URL → HOST → URL: this is a circle/),
    });
    expect((await service.configuration.getLayer(TEAM)).items).toEqual([]);
    const { apps } = await service.configuration.planLayer(TEAM, { variables: { HOST: "${URL}" } });
    expect(apps.find(({ app }) => app === "shop")?.fault).toContain("circle");
    await expect(service.configuration.patch(SHOP, { variables: { A: "${GONE}" } }, "ann")).rejects.toMatchObject({
      code: "configuration_invalid",
    });
  });

  test("waits for approval where an environment asks for it, with what changes there", async () => {
    const { db, deploy, service, ended } = await platform();
    await deploy("shop", "test");
    await deploy("shop", "prod");
    await service.patchEnvironment("default", "prod", { approvals: 1 });
    const { id, operations, plan } = await service.configuration.patchLayer(TEAM, { variables: { A: "1" } }, "ann");
    const parts = await service.listOperations({ partOf: id, limit: 10, visible: undefined });
    expect(parts.items.map((each) => [each.id, each.partOf]).toSorted()).toEqual(operations.map((each) => [each.id, id]).toSorted());
    expect(plan.apps.map(({ environment, approvals }) => [environment, approvals])).toEqual([
      ["prod", 1],
      ["test", 0],
    ]);
    expect(operations.map(({ environment, state }) => [environment, state])).toEqual([
      ["prod", "waiting"],
      ["test", "queued"],
    ]);
    const request = await db.selectFrom("approval_requests").select("diff_json").executeTakeFirstOrThrow();
    expect(JSON.parse(request.diff_json)).toEqual([{ path: "variables.A", from: null, to: "1" }]);
    expect(await ended(operations[1]?.id ?? "")).toMatchObject({ state: "succeeded" });
  });

  test("is one operation, which is as far as its parts are, and takes them with it when it is cancelled", async () => {
    const { deploy, service, ended, engine, clock } = await platform();
    await deploy("shop", "test");
    await deploy("shop", "prod");
    await service.patchEnvironment("default", "prod", { approvals: 1 });
    const first = await service.configuration.patchLayer(PLATFORM, { variables: { A: "1" } }, "ann");
    expect(first.operation).toMatchObject({ id: first.id, kind: "rollout", team: "", app: "", environment: "", state: "running" });
    const [waits, goes] = first.operations;
    await ended(goes?.id ?? "");
    await clock.advance(1000);
    const state = async (id: string) => {
      const operation = await service.getOperation(id);
      return [operation.state, operation.phases.at(-1)?.message];
    };
    expect(await state(first.id)).toEqual(["running", "1 of 2 have it; 1 wait for approval"]);
    // Nothing of the apps is held up by it.
    expect(await ended((await service.deployImage({ name: "shop", image: "ok-2" }, "ann")).id)).toMatchObject({ state: "succeeded" });
    await service.cancelOperation(first.id);
    await clock.advance(1000);
    expect(await state(first.id)).toEqual(["cancelled", "1 of 2 have it; 1 did not get it"]);
    expect((await service.getOperation(waits?.id ?? "")).state).toBe("cancelled");
    await expect(engine.cancel(first.id)).rejects.toMatchObject({ code: "operation_not_cancellable" });

    await service.patchEnvironment("default", "prod", { approvals: 0 });
    const second = await service.configuration.patchLayer(TEAM, { variables: { B: "1" } }, "ann");
    expect(await ended(second.id)).toMatchObject({ state: "succeeded", kind: "rollout", team: "default" });
    expect((await service.configuration.patchLayer(TEAM, { variables: { B: "1" } }, "ann")).operation).toBeNull();
  });

  test("a value that is taken away is hidden from layers above; one that is inherited shows again", async () => {
    const { world, deploy, patch, ended, service } = await platform();
    await patch(PLATFORM, { variables: { A: "platform" } });
    await deploy("shop", "test");
    expect(given(world, "default")).toEqual({ A: "platform" });
    await ended((await service.configuration.patch(SHOP, { variables: { A: null } }, "ann")).id);
    expect(given(world, "default")).toEqual({});
    await ended((await service.configuration.patch(SHOP, { inherit: ["A"] }, "ann")).id);
    expect(given(world, "default")).toEqual({ A: "platform" });
    expect(await patch(PLATFORM, { variables: { A: null } })).toEqual(["shop test v4 succeeded"]);
    expect((await service.configuration.getLayer(PLATFORM)).items).toEqual([]);
  });
});

test("secrets that were in the cluster only are taken over, encrypted, and the next version has them", async () => {
  const { world, db, deps, deploy, ended, service } = await platform();
  await deploy("shop", "test");
  await world.cluster.createSecret("shop", "shop-secrets-old", { TOKEN: "hush", OTHER: "hush too" });
  const keys = { TOKEN: "2025-01-01T00:00:00.000Z", OTHER: "2025-01-01T00:00:00.000Z" };
  await db
    .updateTable("app_environments")
    .set({ secrets_json: JSON.stringify({ object: "shop-secrets-old", keys }) })
    .execute();
  expect((await service.configuration.listSecrets(SHOP)).items.map(({ name }) => name)).toEqual(["OTHER", "TOKEN"]);
  await adoptAllSecrets(deps);
  expect((await service.configuration.listSecrets(SHOP)).items).toMatchObject([
    { name: "OTHER" },
    { name: "TOKEN", updatedAt: keys.TOKEN },
  ]);
  expect(JSON.stringify(await db.selectFrom("config_values").selectAll().execute())).not.toContain("hush");
  await ended((await service.configuration.patch(SHOP, { secrets: { OTHER: null } }, "ann")).id);
  expect(given(world, "default")).toEqual({ TOKEN: "secret hush" });
});

describe("a restart", () => {
  test("makes a version of what serves, which takes over when it is ready", async () => {
    const { deploy, service, ended } = await platform();
    await deploy("shop", "test", { A: "a" });
    await ended((await service.deployImage({ name: "shop", image: "ok:2", environment: "test", noTraffic: true }, "ann")).id);
    expect(await ended((await service.configuration.restart(SHOP, "bob")).id)).toMatchObject({
      kind: "restart",
      state: "succeeded",
      version: "v3",
    });
    const versions = (await service.listVersions(SHOP, { limit: 10 })).items.map(({ name, image, percent, createdBy }) => [
      name,
      image,
      percent,
      createdBy,
    ]);
    const [v3, v2, v1] = versions;
    expect(v3?.slice(2)).toEqual([100, "bob"]);
    expect(v3?.[1]).toBe(v1?.[1]);
    expect(v2?.[1]).not.toBe(v1?.[1]);
    expect((await service.diffVersions(SHOP, { from: "v1", to: "v3" })).changes).toEqual([]);
  });

  test("is refused while several versions share the traffic, which it would end", async () => {
    const { deploy, service, ended } = await platform();
    await deploy("shop", "test");
    await deploy("shop", "test", { A: "a" });
    const targets = ["v1", "v2"].map((version) => ({ version, percent: 50 }));
    const split = await service.setTraffic(SHOP, { targets }, "ann");
    const early = await service.configuration.restart(SHOP, "bob");
    await ended(split.id);
    expect(await ended(early.id)).toMatchObject({ state: "failed", failure_json: expect.stringContaining("traffic_is_split") });
    await expect(service.configuration.restart(SHOP, "bob")).rejects.toMatchObject({ code: "traffic_is_split" });
    expect((await service.getPlace(SHOP)).traffic).toEqual(targets);
  });

  test("needs something to start", async () => {
    const { deploy, service, ended } = await platform();
    await deploy("shop", "prod");
    await ended((await service.configuration.patch(SHOP, { variables: { A: "1" } }, "ann")).id);
    await expect(service.configuration.restart(SHOP, "bob")).rejects.toMatchObject({ code: "nothing_deployed" });
  });
});
