import { expect, test } from "vitest";
import { createWorld, SHOP, startProcess } from "../testing/world.ts";
import { pruneAllVersions } from "./prune.ts";

async function withVersions(count: number) {
  const world = await createWorld();
  const process = await startProcess(world);
  for (let at = 1; at <= count; at++)
    await process.ended((await process.service.deployImage({ name: "shop", image: `ok-${at}` }, "ann")).id);
  const kept = () => [...world.cluster.storedRevisions.keys()].map((name) => Number(name.slice(-5))).toSorted((a, b) => a - b);
  const policy = (settings: object) =>
    process.db
      .updateTable("environments")
      .set({ settings_json: JSON.stringify(settings) })
      .execute();
  return { ...process, world, kept, policy };
}

test("housekeeping lets go what the policy does not keep, and nothing that is pinned, served before or young", async () => {
  const { service, deps, db, kept, policy, ended, clock } = await withVersions(14);
  await pruneAllVersions(deps);
  expect(kept()).toHaveLength(14);
  await ended((await service.setTraffic(SHOP, { targets: [{ version: "v2", percent: 100 }] }, "ann")).id);
  await ended((await service.setTraffic(SHOP, { targets: [{ version: "v14", percent: 100 }] }, "ann")).id);
  expect(await service.patchVersion(SHOP, "v1", { pinned: true }, "ann")).toMatchObject({ name: "v1", pinned: "ann" });
  await policy({ versions: { keep: 10, days: 3 } });
  await pruneAllVersions(deps);
  expect(kept()).toHaveLength(14);
  await db
    .updateTable("versions")
    .set({ created_at: clock.now() - 4 * 86_400_000 })
    .execute();
  const plan = await service.planPrune(SHOP);
  expect(plan).toMatchObject({ policy: { keep: 10, days: 3 }, pruned: ["v3", "v4"] });
  expect(plan.kept.filter(({ why }) => why !== "routed" && why !== "newest")).toEqual([
    { version: "v2", why: "rollback" },
    { version: "v1", why: "pinned" },
  ]);
  expect(kept()).toHaveLength(14);
  await pruneAllVersions(deps);
  expect(kept()).toEqual([1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  expect(await service.getVersion(SHOP, "v3")).toMatchObject({ state: "deleted" });
  await expect(service.patchVersion(SHOP, "v3", { pinned: true }, "ann")).rejects.toMatchObject({ code: "version_not_ready" });
  // One click leads back still.
  expect((await ended((await service.rollback(SHOP, {}, "ann")).id)).state).toBe("succeeded");
  await service.patchVersion(SHOP, "v1", { pinned: false }, "ann");
  expect((await service.pruneVersions(SHOP)).pruned).toEqual(["v1"]);
  const trail = await db.selectFrom("audit").select("action").where("action", "like", "version%").orderBy("seq").execute();
  expect(trail.map(({ action }) => action)).toEqual(["version.pinned", "versions.pruned", "version.unpinned", "versions.pruned"]);
});

test("an app that something goes on with is left alone, and so is one whose cluster does not answer", async () => {
  const { service, deps, kept, policy, engine, world } = await withVersions(12);
  await policy({ versions: { keep: 10 } });
  await engine.stop();
  await service.setTraffic(SHOP, { targets: [{ version: "v1", percent: 100 }] }, "ann");
  await expect(service.pruneVersions(SHOP)).rejects.toMatchObject({ code: "environment_busy" });
  await pruneAllVersions(deps);
  world.cluster.ready = false;
  await expect(service.planPrune(SHOP)).rejects.toMatchObject({ code: "cluster_unavailable" });
  expect(kept()).toHaveLength(12);
});
