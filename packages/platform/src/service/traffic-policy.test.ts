import { badRequest, TRAFFIC_POLICY } from "@ebb/kube";
import { VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import { listAudit } from "../audit/store.ts";
import { IstioGuards } from "../deploy/istio-guards.ts";
import { createWorld, SHOP, startProcess } from "../testing/world.ts";

async function withShop() {
  const world = await createWorld();
  const process = await startProcess(world);
  await process.ended((await process.service.deployImage({ name: "shop", image: "ok-1" }, "ann")).id);
  world.cluster.explanation = { hops: [] };
  const annotation = () => world.cluster.service("shop")?.metadata.annotations?.[TRAFFIC_POLICY];
  return { ...process, world, annotation };
}
const NONE = {
  deny: [],
  allow: [],
  rateLimits: [],
  affinity: null,
  ejection: null,
  retries: null,
  enforcement: { by: "ebb", missing: [] },
};
const SCRAPER = { address: "203.0.113.0/24", note: "scraper" };
const LIMIT = { requests: 10, perSeconds: 1, by: "client" as const };

test("parts are changed one by one, without a new version, and what guards nothing is not written down", async () => {
  const { service, annotation, db } = await withShop();
  expect(await service.trafficPolicy(SHOP)).toEqual(NONE);
  expect(await service.patchTrafficPolicy(SHOP, { deny: [SCRAPER] })).toEqual({ ...NONE, deny: [SCRAPER] });
  expect(await service.patchTrafficPolicy(SHOP, { rateLimits: [LIMIT] })).toEqual({ ...NONE, deny: [SCRAPER], rateLimits: [LIMIT] });
  expect(await service.trafficPolicy(SHOP)).toEqual({ ...NONE, deny: [SCRAPER], rateLimits: [LIMIT] });
  expect(JSON.parse(annotation() ?? "")).toEqual({ deny: [SCRAPER], rateLimits: [LIMIT] });
  await service.patchTrafficPolicy(SHOP, { deny: [], rateLimits: [] });
  expect(annotation()).toBeUndefined();
  expect((await service.listVersions(SHOP, { limit: 10 })).items).toHaveLength(1);
  const [last] = await listAudit(db, { limit: 1 });
  expect(last).toMatchObject({
    action: "traffic-policy.changed",
    object: "app/shop/test",
    before: { deny: [SCRAPER] },
    after: { deny: [] },
  });
});

test("of what has never served the policy is shown, as an export of the team does, and a change says why it cannot be", async () => {
  const { service, world, annotation } = await withShop();
  world.cluster.explain = () => Promise.reject(badRequest("shop-test.example is not served by this object on the external listener"));
  expect(await service.trafficPolicy(SHOP)).toEqual({ ...NONE, enforcement: null });
  await expect(service.patchTrafficPolicy(SHOP, { deny: [SCRAPER] })).rejects.toMatchObject({
    code: "nothing_deployed",
    message: "Nothing of shop has served in test yet",
  });
  expect(annotation()).toBeUndefined();
});

test("entries that are over go with the next change", async () => {
  const { service, world } = await withShop();
  const over = { address: "203.0.113.9", until: "2020-01-01T00:00:00Z" };
  await world.cluster.markService("shop", { labels: {}, annotations: { [TRAFFIC_POLICY]: JSON.stringify({ deny: [over, SCRAPER] }) } });
  expect((await service.trafficPolicy(SHOP)).deny).toEqual([over, SCRAPER]);
  expect((await service.patchTrafficPolicy(SHOP, { rateLimits: [LIMIT] })).deny).toEqual([SCRAPER]);
});

test("the VirtualService that holds the hosts has it, too: from before, from after, and no more when it is gone", async () => {
  const { service, world, ended } = await withShop();
  const held = () => world.cluster.virtualServices.get("shop")?.metadata.annotations?.[TRAFFIC_POLICY];
  await service.patchTrafficPolicy(SHOP, { deny: [SCRAPER] });
  const rules = [{ version: "v1", when: [{ on: "header" as const, name: "x", is: "present" as const }] }];
  await ended((await service.setTraffic(SHOP, { targets: [{ version: "v1", percent: 100 }], rules }, "ann")).id);
  expect(JSON.parse(held() ?? "")).toEqual({ deny: [SCRAPER] });
  await service.patchTrafficPolicy(SHOP, { deny: [], rateLimits: [LIMIT] });
  expect(JSON.parse(held() ?? "")).toEqual({ rateLimits: [LIMIT] });
  await service.patchTrafficPolicy(SHOP, { rateLimits: [] });
  expect(held()).toBeUndefined();
});

test("it outlives the next deploy", async () => {
  const { service, ended } = await withShop();
  await service.patchTrafficPolicy(SHOP, { rateLimits: [LIMIT] });
  await ended((await service.deployImage({ name: "shop", image: "ok-2" }, "ann")).id);
  expect(await service.trafficPolicy(SHOP)).toEqual({ ...NONE, rateLimits: [LIMIT] });
});

test("what is wrong is refused whole, and an app without a version has nothing to guard", async () => {
  const { service, annotation } = await withShop();
  const wrong = service.patchTrafficPolicy(SHOP, { deny: [{ address: "10.0.0.0/99" }], rateLimits: [LIMIT] });
  await expect(wrong).rejects.toMatchObject({ code: "invalid_request", message: expect.stringContaining("deny[0].address") });
  expect(annotation()).toBeUndefined();
  await expect(service.patchTrafficPolicy({ app: "shop", env: "prod" }, { deny: [] })).rejects.toMatchObject({ code: "nothing_deployed" });
});

test("where nothing would enforce it, nothing is written", async () => {
  const { service, world, annotation } = await withShop();
  world.cluster.explanation = undefined;
  await expect(service.patchTrafficPolicy(SHOP, { deny: [SCRAPER] })).rejects.toMatchObject({ code: "traffic_policy_unavailable" });
  expect(annotation()).toBeUndefined();
});

test("what somebody else wrote there and cannot be read counts as absent", async () => {
  const { service, world } = await withShop();
  await world.cluster.markService("shop", { labels: {}, annotations: { [TRAFFIC_POLICY]: '{"deny":[{}]}' } });
  expect(await service.trafficPolicy(SHOP)).toEqual(NONE);
});

test("where the gateway is Istio's it is told in its words, and what they cannot say is said", async () => {
  const { service, world } = await withShop();
  Object.assign(world.cluster, { istio: true, explanation: undefined });
  const put = await service.patchTrafficPolicy(SHOP, { deny: [SCRAPER], rateLimits: [LIMIT] });
  const enforcement = { by: "istio", missing: [{ part: "rateLimits", why: expect.stringContaining("10/1s is not enforced") }] };
  expect(put).toEqual({ ...NONE, deny: [SCRAPER], rateLimits: [LIMIT], enforcement });
  expect(await service.trafficPolicy(SHOP)).toEqual(put);
  const host = world.cluster.service("shop")?.status?.url?.replace("http://", "") ?? "";
  const rule = {
    from: [{ source: { ipBlocks: ["203.0.113.0/24"] } }],
    to: [{ operation: { hosts: expect.arrayContaining([host, `${host}:*`]) } }],
  };
  expect(world.cluster.guards.get("shop")).toMatchObject([{ kind: "AuthorizationPolicy", spec: { action: "DENY", rules: [rule] } }]);
  await service.patchTrafficPolicy(SHOP, { deny: [], rateLimits: [] });
  expect(world.cluster.guards.get("shop")).toEqual([]);
});

test("what ends by itself ends in Istio's objects, too, and a new version gets its own", async () => {
  const { service, world, ended, deps } = await withShop();
  Object.assign(world.cluster, { istio: true, explanation: undefined });
  const until = new Date(deps.clock.now() + 60_000).toISOString();
  await service.patchTrafficPolicy(SHOP, { deny: [{ ...SCRAPER, until }], ejection: { errors: 5, seconds: 30, maxPercent: 50 } });
  const names = () => world.cluster.guards.get("shop")?.map(({ metadata }) => metadata.name);
  expect(names()).toEqual(["ebb.default.shop", "ebb.shop-00001"]);
  await ended((await service.deployImage({ name: "shop", image: "ok-2" }, "ann")).id);
  await new IstioGuards(deps).tick();
  expect(names()).toEqual(["ebb.default.shop", "ebb.shop-00002", "ebb.shop-00001"]);
  await new IstioGuards({ ...deps, clock: new VirtualClock(deps.clock.now() + 60_000) }).tick();
  expect(names()).toEqual(["ebb.shop-00002", "ebb.shop-00001"]);
  await ended((await service.deletePlace(SHOP, "ann")).id);
  expect(world.cluster.guards.get("shop")).toEqual([]);
});
