import { StatusError } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { createWorld, SHOP, startProcess } from "../testing/world.ts";

async function withShop() {
  const world = await createWorld();
  const process = await startProcess(world);
  await process.ended((await process.service.deployImage({ name: "shop", image: "ok-1" }, "ann")).id);
  const annotations = () => world.cluster.service("shop")?.metadata.annotations ?? {};
  return { ...process, world, annotations };
}
const NONE = { strategies: null, min: null, max: null, idle: null };
const OFFICE = { type: "cron", start: "0 8 * * 1-5", end: "0 20 * * 1-5", timezone: "Europe/Berlin", replicas: 3 } as const;

test("a policy is read as it was set, without a new version", async () => {
  const { service, annotations } = await withShop();
  expect(await service.scaling(SHOP)).toEqual(NONE);
  const policy = { strategies: [{ type: "rps" as const, target: 20 }, OFFICE], min: 1, max: 9, idle: "frozen" as const };
  expect(await service.patchScaling(SHOP, policy)).toEqual(policy);
  expect(await service.scaling(SHOP)).toEqual(policy);
  expect(annotations()).toMatchObject({ "autoscaling.ebb.dev/min-scale": "1", "autoscaling.ebb.dev/idle": "frozen" });
  expect(await service.patchScaling(SHOP, { min: null, strategies: null })).toEqual({ ...NONE, max: 9, idle: "frozen" });
  expect(annotations()).not.toHaveProperty("autoscaling.ebb.dev/strategies");
  expect((await service.listVersions(SHOP, { limit: 10 })).items).toHaveLength(1);
});

test("it outlives the next deploy", async () => {
  const { service, ended } = await withShop();
  await service.patchScaling(SHOP, { max: 4 });
  await ended((await service.deployImage({ name: "shop", image: "ok-2" }, "ann")).id);
  expect(await service.scaling(SHOP)).toEqual({ ...NONE, max: 4 });
});

describe("what somebody else wrote into the cluster", () => {
  const PREFIX = "autoscaling.ebb.dev/";
  async function withWritten(written: Record<string, string>) {
    const shop = await withShop();
    const annotations = Object.fromEntries(Object.entries(written).map(([key, value]) => [`${PREFIX}${key}`, value]));
    await shop.world.cluster.markService("shop", { labels: {}, annotations });
    return shop;
  }

  test.each([
    ["no JSON", { strategies: "[" }, "policy.json"],
    ["no list", { strategies: "{}" }, "policy.array"],
    ["an empty list", { strategies: "[]" }, "policy.array"],
    ["a kind that nobody knows", { strategies: '[{"type":"rps"},{"type":"foo"}]' }, "policy.strategy"],
    ["no strategy at all", { strategies: "[null]" }, "policy.strategy"],
    ["half a window", { strategies: '[{"type":"cron"}]' }, "policy.strategy"],
    ["a window that never comes", { strategies: JSON.stringify([{ ...OFFICE, end: "0 0 31 2 *" }]) }, "policy.strategy"],
    ["a password", { strategies: '[{"type":"lag","target":1,"url":"http://ann:hunter2@queue/"}]' }, "policy.strategy"],
    ["no number", { "max-scale": "many" }, "policy.number"],
    ["too large a number", { "max-scale": "999999" }, "policy.number"],
    ["no way to be idle", { idle: "warm" }, "policy.idle"],
    ["bounds that leave nothing", { "max-scale": "2", "min-scale": "3" }, "policy.bounds"],
  ])("and is no policy is not in force, nor the rest of it, and why is said: %s", async (_, written, code) => {
    const { service } = await withWritten({ "min-scale": "1", ...written });
    const { problem, saidProblem, ...policy } = await service.scaling(SHOP);
    expect({ policy, code: saidProblem?.code }).toEqual({ policy: NONE, code });
    expect(problem).toMatch(/.{10}/);
    expect(problem).not.toContain("hunter2");
  });

  test("is gone when the policy is set anew, whatever part of it, or reset", async () => {
    // As one of an older Ebb may be.
    const never = JSON.stringify([{ ...OFFICE, end: "0 0 31 2 *" }]);
    const { service, annotations } = await withWritten({ strategies: never, "min-scale": "1" });
    expect(await service.patchScaling(SHOP, { max: 4 })).toEqual({ ...NONE, max: 4 });
    expect(await service.scaling(SHOP)).toEqual({ ...NONE, max: 4 });
    const other = await withWritten({ strategies: "[null]" });
    expect(await other.service.patchScaling(SHOP, NONE)).toEqual(NONE);
    for (const left of [annotations(), other.annotations()]) expect(left).not.toHaveProperty(`${PREFIX}strategies`);
  });
});

test.each([
  ["bounds that leave nothing", { min: 3, max: 2 }, /less than min/],
  ["a window that never opens", { strategies: [{ ...OFFICE, end: OFFICE.start }] }, /starts and ends/],
  ["no cron expression", { strategies: [{ ...OFFICE, start: "8 o'clock sharp" }] }, /"8 o'clock sharp" in Europe\/Berlin has no times/],
  ["a window that never comes", { strategies: [{ ...OFFICE, start: "0 0 31 2 *" }] }, /never begins/],
  ["a window that never ends", { strategies: [{ ...OFFICE, end: "0 0 31 2 *" }] }, /never begins/],
  ["no time zone", { strategies: [{ ...OFFICE, timezone: "Moon/Base" }] }, /Moon\/Base/],
])("%s is refused", async (_, body, message) => {
  const { service } = await withShop();
  await expect(service.patchScaling(SHOP, body)).rejects.toMatchObject({
    code: "invalid_request",
    message: expect.stringMatching(message),
  });
});

test("a bound is checked against the one that is there already", async () => {
  const { service } = await withShop();
  await service.patchScaling(SHOP, { min: 5 });
  await expect(service.patchScaling(SHOP, { max: 2 })).rejects.toMatchObject({ code: "invalid_request" });
});

test("what-if asks the cluster about the version with the traffic, and says so where there is no answer", async () => {
  const { service, world, ended } = await withShop();
  await ended((await service.deployImage({ name: "shop", image: "ok-2", noTraffic: true }, "ann")).id);
  const asked: string[] = [];
  world.cluster.whatIfs = (revision, query) => void asked.push(`${revision}?${query}`);
  await expect(service.whatIf(SHOP, { window: 90, min: 0 })).rejects.toMatchObject({ code: "what_if_unavailable" });
  await expect(service.whatIf(SHOP, { version: "v2" })).rejects.toMatchObject({ code: "what_if_unavailable" });
  expect(asked).toEqual(["shop-00001?min=0&window=90s", "shop-00002?"]);
  world.cluster.whatIfs = () => {
    throw new StatusError("Conflict", "nothing to replay");
  };
  await expect(service.whatIf(SHOP, {})).rejects.toMatchObject({ code: "nothing_recorded" });
  await expect(service.whatIf(SHOP, { version: "v9" })).rejects.toMatchObject({ code: "version_not_found" });
});
