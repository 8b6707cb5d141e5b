import { expect, test } from "vitest";
import { createWorld, SHOP, startProcess, upload } from "../testing/world.ts";
import { secretsName } from "../compile/names.ts";
import { prune, usedUploads } from "./prune.ts";

test("housekeeping deletes Secrets that nothing refers to, and keeps what a version or an operation needs", async () => {
  const world = await createWorld();
  const { service, db, ended, deps, clock, engine } = await startProcess(world);
  await ended((await service.deployImage({ name: "shop", image: "ok" }, "ann")).id);
  await ended((await service.configuration.patch(SHOP, { secrets: { A: "1" } }, "ann")).id);
  await ended((await service.configuration.patch(SHOP, { secrets: { B: "2" } }, "ann")).id);
  const used = [...world.cluster.secrets.keys()];
  await engine.stop();
  const { id } = await service.configuration.patch(SHOP, { secrets: { C: "3" } }, "ann");
  // As it is when the platform dies between the Secret and the version.
  const waiting = [secretsName("shop", id)];
  await world.cluster.createSecret("shop", waiting[0] ?? "", { C: "3" });
  await db.insertInto("sealed_changes").values({ operation: "ended", name: "X", print: "", sealed: "" }).execute();
  await world.cluster.createSecret("shop", "orphan", { X: "0" });
  await prune(deps);
  expect(world.cluster.secrets.has("orphan")).toBe(true);
  await clock.advance(2 * 60 * 60_000);
  await prune(deps);
  expect([...world.cluster.secrets.keys()].sort()).toEqual([...used, ...waiting].sort());
  expect(await db.selectFrom("sealed_changes").select(["operation", "name"]).execute()).toEqual([{ operation: id, name: "C" }]);
  // Once the Revision of the older generation is gone, so is the need for its values.
  world.cluster.storedRevisions.delete("shop-00002");
  await prune(deps);
  expect([...world.cluster.secrets.keys()]).toEqual([used[1], ...waiting]);
});

test("housekeeping bounds the history and never touches what has not ended", async () => {
  const world = await createWorld();
  const { db, deps, engine, service } = await startProcess(world);
  await engine.stop();
  await service.deploySource({ ...upload(world, "first"), name: "shop" }, "ann");
  const old = Array.from({ length: 2500 }, (_, n) => ({
    id: `old${n}`,
    kind: "deploy" as const,
    ...SHOP,
    team: "default",
    state: "succeeded" as const,
    request_json: "{}",
    state_json: "{}",
    phases_json: "[]",
    created_at: n,
    created_by: "ann",
    deadline: 0,
    timeout: 0,
    finished_at: n,
    lease_until: 0,
    cancel_requested: 0,
    committed: 0,
    changes: 1,
  }));
  for (let at = 0; at < old.length; at += 500)
    await db
      .insertInto("operations")
      .values(old.slice(at, at + 500))
      .execute();
  await db
    .insertInto("operation_logs")
    .values(["old0", "old2499"].map((operation) => ({ operation, seq: 1, time: 0, line: "x" })))
    .execute();
  await prune(deps);
  const left = await db.selectFrom("operations").select(["id", "state"]).orderBy("seq").execute();
  expect(left.length).toBe(2001);
  expect(left[0]?.state).toBe("queued");
  expect((await db.selectFrom("operation_logs").select("operation").execute()).map((row) => row.operation)).toEqual(["old2499"]);
  expect(await usedUploads(deps)).toEqual(new Set(["first"]));
});
