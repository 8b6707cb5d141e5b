import type { Pod } from "@ebb/kube";
import { expect, test } from "vitest";
import { createWorld, startProcess } from "../testing/world.ts";

const SHOP = { app: "shop", env: "test" };
const ASKED = { command: ["psql", "--password=secret"], stdin: false, terminal: false };

async function prepared() {
  const world = await createWorld();
  const process = await startProcess(world);
  await process.ended((await process.service.deployImage({ name: "shop", image: "ok-1" }, "ann")).id);
  const { cluster } = world;
  const pod = (name: string, version: string, change: { ready?: boolean; phase?: "Running" | "Succeeded"; age?: number } = {}): Pod => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      labels: { "ebb.dev/app": "shop", "ebb.dev/version": version },
      creationTimestamp: new Date(1_000_000_000 - 1000 * (change.age ?? 0)).toISOString(),
    },
    spec: { containers: [{ name: "user-container", image: "ok-1" }] },
    status: { phase: change.phase ?? "Running", conditions: [{ type: "Ready", status: change.ready === false ? "False" : "True" }] },
  });
  return { ...process, cluster, pod };
}

test("the newest that is ready runs it; the trail has the program, and nothing that follows it", async () => {
  const { service, cluster, pod, db } = await prepared();
  cluster.pods = () => [pod("old", "v1", { age: 9 }), pod("new", "v1"), pod("frozen", "v1", { ready: false, age: -5 })];
  await service.exec(SHOP, ASKED);
  expect(cluster.commands).toEqual(["new: psql --password=secret"]);
  const rows = await db.selectFrom("audit").select(["object", "after_json"]).where("action", "=", "command.run").execute();
  expect(rows.map(({ object, after_json }) => [object, JSON.parse(after_json)])).toEqual([
    ["app/shop", { environment: "test", instance: "new", program: "psql" }],
  ]);
});

test.each([
  ["one by its name, though it is frozen", { instance: "frozen" }, "frozen"],
  ["one of a version", { version: "v1" }, "one"],
  ["one that has ended", { instance: "ended" }, undefined],
  ["another's", { instance: "nobody" }, undefined],
  ["a version that has none", { version: "v3" }, undefined],
])("%s", async (_, asked, expected) => {
  const { service, cluster, pod } = await prepared();
  const frozen = pod("frozen", "v2", { ready: false });
  cluster.pods = () => [pod("one", "v1"), frozen, pod("ended", "v1", { phase: "Succeeded" })];
  const running = service.exec(SHOP, { ...ASKED, ...asked });
  if (expected === undefined) await expect(running).rejects.toMatchObject({ code: "instance_not_found" });
  else expect(await running.then(() => cluster.commands)).toEqual([`${expected}: psql --password=secret`]);
});
