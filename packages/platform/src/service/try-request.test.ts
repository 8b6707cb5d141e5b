import { expect, test } from "vitest";
import { noUsage } from "../metrics/usage.ts";
import { recordCounters } from "../metrics/store.ts";
import type { RevisionColdStart } from "../cluster/port.ts";
import { createWorld, startProcess } from "../testing/world.ts";

const SHOP = { app: "shop", env: "test" };

async function prepared() {
  const world = await createWorld();
  const process = await startProcess(world);
  await process.ended((await process.service.deployImage({ name: "shop", image: "ok-1", env: { GREETING: "hi" } }, "ann")).id);
  const ask = (more: object = {}) =>
    process.service.tryRequest(SHOP, { method: "GET", path: "/?token=1", ...more }, new AbortController().signal);
  return { ...process, world, ask };
}

test("a request goes to where its users' go; its row in the trail has neither query nor headers", async () => {
  const { ask, db } = await prepared();
  expect(await ask({ headers: [{ name: "authorization", value: "secret" }] })).toMatchObject({
    url: "http://shop.example:8080/?token=1",
    answer: { body: "hello from shop.example:8080", encoding: "utf8" },
    coldStart: null,
    failure: null,
  });
  const rows = await db.selectFrom("audit").select(["action", "object", "after_json"]).where("action", "=", "request.sent").execute();
  expect(rows).toEqual([{ action: "request.sent", object: "app/shop", after_json: expect.stringContaining('"path":"/"') }]);
  expect(JSON.stringify(rows)).not.toMatch(/secret|token/);
});

test("one of a version goes past the split, and tells the start that it waited for, not one before", async () => {
  const { ask, world, clock } = await prepared();
  const start = (time: number, instance: string) =>
    ({ time: new Date(time).toISOString(), waited: true, instance, total: 5 }) as RevisionColdStart;
  world.cluster.storedColdStarts.set("shop-00001", [start(clock.now() - 60_000, "old"), start(clock.now() + 1, "new")]);
  expect(await ask({ version: "v1" })).toMatchObject({
    url: expect.stringContaining("http://v1-shop."),
    version: "v1",
    coldStart: { instance: "new", version: "v1" },
  });
});

test.each([
  ["a header of the connection", { headers: [{ name: "Transfer-Encoding", value: "chunked" }] }, "invalid_request"],
  ["another host", { headers: [{ name: "host", value: "other" }] }, "invalid_request"],
  ["a version that is not there", { version: "v9" }, "version_not_found"],
])("%s is refused", async (_, more, code) => {
  const { ask } = await prepared();
  await expect(ask(more)).rejects.toMatchObject({ code });
});

test("a version's configuration is told by its paths", async () => {
  const { service } = await prepared();
  const { items } = await service.versionConfiguration(SHOP, "v1");
  expect(items).toContainEqual({ path: "variables.GREETING", value: "hi" });
  expect(items.map(({ path }) => path)).toEqual(items.map(({ path }) => path).toSorted());
});

test("rates are those of the last minute, of one's own teams only", async () => {
  const { service, db, clock } = await prepared();
  const count = (responses: Record<string, number>) =>
    recordCounters(db, [{ ...SHOP, version: 1, counters: { ...noUsage(), responses } }], clock.now());
  await count({ "2xx": 6000 });
  await clock.advance(120_000);
  await count({ "2xx": 6540, "5xx": 60 });
  await clock.advance(10_000);
  const rate = { app: "shop", environment: "test", requestsPerSecond: 10, errorsPerSecond: 1 };
  expect((await service.rates(undefined)).items).toEqual([rate]);
  expect((await service.rates(["default"])).items).toEqual([rate]);
  expect((await service.rates(["other"])).items).toEqual([]);
  expect((await service.rates([])).items).toEqual([]);
});
