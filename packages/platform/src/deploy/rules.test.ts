import type { RuleCondition, TrafficRule } from "@ebb/api";
import { expect, test } from "vitest";
import { createWorld, SHOP, startProcess } from "../testing/world.ts";

const canary: RuleCondition = { on: "header", name: "x-canary", is: "exact", value: "1" };
const to = (version: string): TrafficRule => ({ version, when: [canary] });
const ALL_TO = (version: string) => [{ version, percent: 100 }];

async function withTwo() {
  const world = await createWorld();
  const process = await startProcess(world);
  const deploy = async (image: string) => process.ended((await process.service.deployImage({ name: "shop", image }, "ann")).id);
  const split = async (targets: { version: string; percent: number }[], rules?: TrafficRule[]) =>
    process.ended((await process.service.setTraffic(SHOP, { targets, ...(rules ? { rules } : {}) }, "ann")).id);
  await deploy("ok-1");
  await deploy("ok-2");
  world.cluster.writes = [];
  const version = (name: string) => process.service.getVersion(SHOP, name);
  return { ...process, world, deploy, split, version, rules: () => world.cluster.virtualServices.get("shop") };
}

test("the rules have the host before Knative lets go of it, and the URLs stay what they were", async () => {
  const { service, split, world, rules, version } = await withTwo();
  expect(await split(ALL_TO("v1"), [to("v2")])).toMatchObject({ state: "succeeded", url: "http://shop.example:8080" });
  expect(world.cluster.writes).toEqual(["led to shop-00001,shop-00002", "rules shop", "mark shop", "put shop", "rules shop"]);
  expect(rules()?.spec.hosts).toEqual(["shop.example", "v1-shop.example", "v2-shop.example"]);
  expect(world.cluster.service("shop")?.status?.url).toBe("http://shop.default.svc.cluster.local");
  expect(await service.getPlace(SHOP)).toMatchObject({ state: "ready", url: "http://shop.example:8080", rules: [to("v2")] });
  expect(await version("v2")).toMatchObject({ previewUrl: "http://v2-shop.example:8080" });
});

test("removed, Knative has the host before the rules let go of it", async () => {
  const { service, split, world, rules } = await withTwo();
  await split(ALL_TO("v1"), [to("v2")]);
  world.cluster.writes = [];
  expect(await split(ALL_TO("v1"), [])).toMatchObject({ state: "succeeded", url: "http://shop.example:8080" });
  expect(world.cluster.writes).toEqual(["put shop", "mark shop", "delete rules shop", "led to shop-00001"]);
  expect(rules()).toBeUndefined();
  expect(await service.getPlace(SHOP)).toMatchObject({ url: "http://shop.example:8080", rules: [] });
});

interface Asked {
  split: { version: string; percent: number }[];
  /** The version of the rule. */
  rule?: string;
}
const changes: [sentence: string, before: Asked, after: Asked][] = [
  ["a rule and another split", { split: ALL_TO("v1") }, { split: ALL_TO("v2"), rule: "v3" }],
  ["another rule and another split", { split: ALL_TO("v1"), rule: "v2" }, { split: ALL_TO("v2"), rule: "v3" }],
  ["no rule any more and another split", { split: ALL_TO("v1"), rule: "v3" }, { split: ALL_TO("v2") }],
  ["the versions changed over", { split: ALL_TO("v1"), rule: "v2" }, { split: ALL_TO("v2"), rule: "v1" }],
];

test.each(changes)("%s: at no time a request gets what neither the old nor the new routing gives it", async (_sentence, before, after) => {
  const { split, deploy, world, rules } = await withTwo();
  await deploy("ok-3");
  const rulesFor = ({ rule }: Asked) => (rule === undefined ? [] : [to(rule)]);
  await split(before.split, rulesFor(before));
  const seen = new Set<string>();
  const look = () => {
    const { plain, ruled } = world.cluster.sends("shop");
    seen.add(`plain ${plain}`).add(`canary ${ruled}`);
  };
  world.cluster.onWrite = look;
  expect(await split(after.split, rulesFor(after))).toMatchObject({ state: "succeeded" });
  look();
  const allowed = [before, after].flatMap(({ split: [all], rule }) => [`plain ${all?.version}`, `canary ${rule ?? all?.version}`]);
  expect([...seen].filter((what) => !allowed.includes(what))).toEqual([]);
  expect(rules()?.spec.http?.some(({ name = "" }) => name.startsWith("before-")) ?? false).toBe(false);
});

test("they outlive a deploy, whose preview gets a host of theirs, and their version stays in the Route", async () => {
  const { service, split, deploy, rules, world, version } = await withTwo();
  await split(ALL_TO("v2"), [to("v1")]);
  for (let i = 3; i < 15; i++) await deploy(`ok-${i}`);
  expect(rules()?.spec.hosts).toContain("v14-shop.example");
  expect(world.cluster.service("shop")?.spec.traffic?.map((target) => target.tag)).toContain("v1");
  expect(await version("v14")).toMatchObject({ previewUrl: "http://v14-shop.example:8080" });
  expect(await service.getPlace(SHOP)).toMatchObject({ rules: [to("v1")], traffic: ALL_TO("v14") });
});

test("a rollback ends them: everybody is back on one version", async () => {
  const { service, split, ended, rules } = await withTwo();
  await split(ALL_TO("v2"), [to("v1")]);
  expect(await ended((await service.rollback(SHOP, { to: "v1" }, "ann")).id)).toMatchObject({ state: "succeeded" });
  expect(rules()).toBeUndefined();
  expect(await service.getPlace(SHOP)).toMatchObject({ rules: [], traffic: ALL_TO("v1") });
});

test("a change that fails leaves those of before", async () => {
  const { service, split, world, rules } = await withTwo();
  await split(ALL_TO("v1"), [to("v2")]);
  const { answer } = world.cluster;
  world.cluster.answer = () => 503;
  expect(await split(ALL_TO("v2"), [to("v1")])).toMatchObject({ state: "failed" });
  world.cluster.answer = answer;
  expect(rules()?.spec.http?.find(({ name }) => name === "rule-1")?.route?.[0]?.destination.host).toContain("shop-00002");
  expect(await service.getPlace(SHOP)).toMatchObject({ rules: [to("v2")], traffic: ALL_TO("v1") });
});

test("an Istio that does not tell is waited for only so long", async () => {
  const { split, world } = await withTwo();
  world.cluster.tellsOfRules = false;
  expect(await split(ALL_TO("v1"), [to("v2")])).toMatchObject({ state: "succeeded" });
});

test("one of Ebb's own that is slow to tell is waited for, and the split does not change before it has told", async () => {
  const { service, world, ended, clock } = await withTwo();
  world.cluster.tellsOfRules = false;
  world.cluster.compared = [];
  const operation = await service.setTraffic(SHOP, { targets: ALL_TO("v1"), rules: [to("v2")] }, "ann");
  for (let second = 0; second < 20; second++) await clock.advance(1000);
  expect(world.cluster.writes).toEqual(["led to shop-00001,shop-00002", "rules shop"]);
  const virtualService = world.cluster.virtualServices.get("shop");
  world.cluster.tellsOfRules = true;
  if (virtualService) await world.cluster.putVirtualService(virtualService);
  expect(await ended(operation.id)).toMatchObject({ state: "succeeded" });
});

test("rules to a version that is not there, or that nothing can fit, are refused", async () => {
  const { service } = await withTwo();
  const set = (rule: TrafficRule) => service.setTraffic(SHOP, { targets: ALL_TO("v1"), rules: [rule] }, "ann");
  await expect(set(to("v9"))).rejects.toMatchObject({ code: "version_not_found" });
  await expect(set({ version: "v1", when: [canary, canary] })).rejects.toMatchObject({ code: "invalid_rule" });
});

test("an explanation names the rule, the version and the reason; without one the split", async () => {
  const { service, split, world } = await withTwo();
  await expect(service.explain(SHOP, { headers: [] })).rejects.toMatchObject({ code: "explain_unavailable" });
  await split([...ALL_TO("v1")], [to("v2")]);
  const skipped = [{ rule: "VirtualService default/shop http[2] rule-1", because: "the header x-canary is absent" }];
  world.cluster.explanation = {
    revision: "default/shop-00002",
    // As of a list of users the second was found.
    hops: [{ rule: skipped[0]?.rule ?? "", because: ["x-canary is 1"], skipped }],
  };
  expect(await service.explain(SHOP, { headers: ["x-canary: 1"] })).toMatchObject({
    version: "v2",
    rule: 1,
    reason: "Rule 1 sends it to v2: x-canary is 1",
    skipped: [],
    split: [],
  });
  world.cluster.explanation = { revision: "default/shop-00001", hops: [{ rule: "VirtualService default/shop http[3] rest", skipped }] };
  expect(await service.explain(SHOP, { headers: [] })).toMatchObject({
    version: "v1",
    rule: null,
    reason: "No rule is for it, and v1 has all of the split",
    skipped: [{ rule: 1, because: "the header x-canary is absent" }],
    split: ALL_TO("v1"),
  });
});
