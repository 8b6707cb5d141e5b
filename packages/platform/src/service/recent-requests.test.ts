import { expect, test } from "vitest";
import type { RecordedRequest } from "../cluster/port.ts";
import { createWorld, startProcess } from "../testing/world.ts";

const SHOP = { app: "shop", env: "test" };
const request = (id: string, more: Partial<RecordedRequest> = {}): RecordedRequest => ({
  id,
  time: "2026-01-01T00:00:00.000Z",
  method: "GET",
  host: "shop.example",
  path: "/",
  headers: {},
  cookies: {},
  query: {},
  status: 200,
  outcome: "complete",
  durationMs: 1,
  responseBytes: 2,
  count: 1,
  revision: "shop-00001",
  ...more,
});

async function prepared() {
  const world = await createWorld();
  const { service, ended } = await startProcess(world);
  await ended((await service.deployImage({ name: "shop", image: "ok-1", env: {} }, "ann")).id);
  world.cluster.remembered = [
    request("good"),
    request("cut", { outcome: "cut" }),
    request("refused", { status: 404 }),
    request("late", { status: 504, reason: "request timeout", revision: "shop-00002" }),
    ...Array.from({ length: 60 }, (_, i) => request(`good-${i}`)),
  ];
  return (wanted: Parameters<typeof service.recent.list>[1]) => service.recent.list(SHOP, wanted);
}

test("what failed is found behind however many good ones, answers that broke off too, the newest first", async () => {
  const list = await prepared();
  const ids = async (wanted: Parameters<typeof list>[0]) => (await list(wanted)).items.map(({ id }) => id);
  expect(await ids({ status: "failed" })).toEqual(["late", "cut"]);
  expect(await ids({ status: "5xx" })).toEqual(["late"]);
  expect(await ids({ status: "4xx" })).toEqual(["refused"]);
  expect(await ids({ status: "failed", version: "v1" })).toEqual(["cut"]);
  expect(await ids({ status: "2xx", limit: 2 })).toEqual(["good-59", "good-58"]);
  expect(await ids({})).toHaveLength(50);
  expect((await list({ status: "failed" })).items.map(({ version, reason }) => [version, reason])).toEqual([
    ["v2", "request timeout"],
    ["v1", null],
  ]);
});
