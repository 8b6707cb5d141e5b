import { TransientError } from "@ebb/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { trafficOf } from "../deploy/views.ts";
import { recordCounters } from "../metrics/store.ts";
import { noUsage, type Usage } from "../metrics/usage.ts";
import { toOperation } from "../operations/store.ts";
import { createWorld, SHOP, startProcess } from "../testing/world.ts";
import { DEFAULT_GUARD, evaluateGuard } from "./guard.ts";
import { sharesAt } from "./run-release.ts";
import { nextStep } from "./steps.ts";

const usage = (ok: number, failed = 0, p95 = 20): Usage => ({
  ...noUsage(),
  responses: { "2xx": ok, "5xx": failed },
  latency: { [`${p95}`]: ok + failed },
});

describe("the guard", () => {
  test.each([
    ["as good as the old one", usage(1000), usage(100), 0, "good"],
    ["too few requests to judge, all failing", usage(1000), usage(0, 19), 0, "undecided"],
    ["the same with one more", usage(1000), usage(0, 20), 0, "breached"],
    ["half a percent more errors than are allowed on top of the old one's", usage(90, 10), usage(885, 115), 0, "breached"],
    ["as many errors as the old one: it is not to blame", usage(90, 10), usage(90, 10), 0, "good"],
    ["three times as slow", usage(1000), usage(100, 0, 60), 0, "breached"],
    ["three times as slow, with nothing to compare with", usage(5), usage(100, 0, 60), 0, "good"],
    ["ten times as slow, but fast all the same", usage(1000, 0, 1), usage(100, 0, 10), 0, "good"],
    ["restarts, before anything can be judged", usage(0), usage(0), 3, "breached"],
    ["as many restarts as are allowed", usage(1000), usage(100), 2, "good"],
  ] as const)("%s", (...[, old, fresh, restarts, state]) => {
    expect(evaluateGuard(old, fresh, restarts, DEFAULT_GUARD).state).toBe(state);
  });
});

describe("the next step", () => {
  const plan = { steps: [10, 50, 100], pauseSeconds: 60 };
  const good = { state: "good" as const };
  const at = (now: Partial<Parameters<typeof nextStep>[2]>, step = 0, pauseSeconds: number | null = 60) =>
    nextStep({ ...plan, pauseSeconds }, { step, since: 0 }, { time: 60_000, verdict: good, continued: 0, ...now });
  test.each([
    ["comes when the pause is over", at({}), "advance"],
    ["not before", at({ time: 59_999 }), "wait"],
    ["waits for requests that it takes to judge", at({ verdict: { state: "undecided" } }), "wait"],
    ["comes at once when somebody says so", at({ time: 0, verdict: { state: "undecided" }, continued: 1 }), "advance"],
    ["not by what was said of the step before", at({ time: 0, continued: 1 }, 1), "wait"],
    ["waits for ever without a pause", at({ time: 1e12 }, 0, null), "wait"],
    ["is back, when it did badly, whatever was said", at({ verdict: { state: "breached" }, continued: 1 }), "roll back"],
    ["is the end after the last", at({ time: 0 }, 2), "finish"],
  ] as const)("%s", (_, next, expected) => expect(next.do).toBe(expected));
});

test("a step's shares add up to 100, with the version's own exactly, and the others' in proportion", () => {
  const shares = fc
    .array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 })
    .map((percents) => percents.map((percent, index) => ({ number: index + 1, percent })));
  fc.assert(
    fc.property(shares, fc.integer({ min: 1, max: 100 }), (before, percent) => {
      const made = sharesAt(before, 9, percent);
      expect(made.reduce((sum, share) => sum + share.percent, 0)).toBe(100);
      expect(made.find(({ number }) => number === 9)?.percent).toBe(percent);
      expect(made.every((share) => share.percent > 0)).toBe(true);
    }),
  );
});

const away = () => new TransientError("cluster_unavailable", "The cluster is being restarted");

async function prepared() {
  const world = await createWorld();
  const process = await startProcess(world);
  const deploy = async (image: string, noTraffic = false) =>
    process.ended((await process.service.deployImage({ name: "shop", image, noTraffic }, "ann")).id);
  await deploy("ok-1");
  await deploy("ok-2", true);
  const serves = () => trafficOf("shop", world.cluster.service("shop")).map(({ version, percent }) => `${version} ${percent}`);
  const count = (version: number, counters: Usage) =>
    recordCounters(process.db, [{ app: "shop", env: "test", version, counters }], process.clock.now());
  const start = async (more: object = {}) =>
    (await process.service.startRelease(SHOP, { version: "v2", steps: [10, 50, 100], pauseSeconds: 60, ...more }, "ann")).id;
  return { ...process, world, serves, count, start };
}

describe("a release", () => {
  test("goes step by step while the new version does as well as the old", async () => {
    const { start, serves, count, clock, service, ended } = await prepared();
    const id = await start();
    await clock.advance(5000);
    expect(serves()).toEqual(["v2 10", "v1 90"]);
    expect((await service.listReleases(SHOP))[0]).toMatchObject({ version: "v2", step: 0, operation: { state: "running" } });
    await count(1, usage(900));
    await count(2, usage(100));
    await clock.advance(70_000);
    expect(serves()).toEqual(["v2 50", "v1 50"]);
    await count(1, usage(1400));
    await count(2, usage(600));
    expect(await ended(id)).toMatchObject({ state: "succeeded", url: "http://shop.example:8080" });
    expect(serves()).toEqual(["v2 100"]);
    await ended((await service.rollback(SHOP, {}, "ann")).id);
    expect(serves()).toEqual(["v1 100"]);
  });

  test("that does badly is taken back at once, and says why in figures", async () => {
    const { start, serves, count, clock, ended, service, db } = await prepared();
    const id = await start({ when: [{ on: "header", name: "x-canary", is: "exact", value: "1" }] });
    await clock.advance(5000);
    await count(1, usage(900));
    await count(2, usage(60, 40));
    const row = await ended(id);
    expect(toOperation(row, 0)).toMatchObject({ state: "failed", failure: { code: "guard_breached" } });
    expect(toOperation(row, 0).failure?.hint).toBe("Look at its log: ebb logs shop --env test --version v2.");
    const trail = await db
      .selectFrom("audit")
      .select(["actor", "object", "after_json"])
      .where("action", "=", "release.taken-back")
      .execute();
    expect(trail).toMatchObject([{ actor: "platform", object: "app/shop" }]);
    expect(JSON.parse(trail[0]?.after_json ?? "")).toMatchObject({ environment: "test", operation: id, version: "v2" });
    expect(toOperation(row, 0).failure?.chain.join(" ")).toContain("40 % of its 100 requests failed, 0 % of the old version's 900");
    expect(serves()).toEqual(["v1 100"]);
    expect(await service.getPlace(SHOP)).toMatchObject({ rules: [] });
  });

  test("shows the version to testers from the first step on, and to nobody by rule at the end", async () => {
    const { start, world, clock, service, ended } = await prepared();
    const id = await start({ pauseSeconds: null, when: [{ on: "header", name: "x-canary", is: "exact", value: "1" }] });
    await clock.advance(5000);
    expect(world.cluster.virtualServices.get("shop")?.spec.http?.map(({ name }) => name)).toContain("rule-1");
    await service.continueRelease(SHOP);
    await clock.advance(5000);
    await service.continueRelease(SHOP);
    expect(await ended(id)).toMatchObject({ state: "succeeded" });
    expect(world.cluster.virtualServices.size).toBe(0);
  });

  test("waits for requests, and for people, and is taken back when its time is over", async () => {
    const { start, serves, clock, service, db, stop, world } = await prepared();
    const id = await start();
    await clock.advance(120_000);
    expect(serves()).toEqual(["v2 10", "v1 90"]);
    expect((await service.getOperation(id)).phases.at(-1)?.message).toContain("0 of 20 requests");
    // Two hours are long for a virtual clock, too: what is left of them is a minute when the next process takes it up.
    await db
      .updateTable("operations")
      .set({ deadline: clock.now() + 60_000 })
      .where("id", "=", id)
      .execute();
    await stop();
    const row = await (await startProcess(world)).ended(id);
    expect(toOperation(row, 0)).toMatchObject({ state: "failed", failure: { code: "deadline_exceeded" } });
    expect(serves()).toEqual(["v1 100"]);
  });

  test.each(["abort", "rollback"] as const)("ends by %s with everything as it was", async (how) => {
    const { start, serves, clock, ended, service } = await prepared();
    const id = await start({ pauseSeconds: null });
    await clock.advance(5000);
    await expect(service.setTraffic(SHOP, { targets: [{ version: "v2", percent: 100 }] }, "ann")).rejects.toMatchObject({
      code: "release_running",
    });
    if (how === "abort") await service.abortRelease(SHOP);
    else expect(await ended((await service.rollback(SHOP, {}, "ann")).id)).toMatchObject({ state: "succeeded" });
    expect(await ended(id)).toMatchObject({ state: "cancelled" });
    expect(serves()).toEqual(["v1 100"]);
  });

  test("is taken back also when its cluster is restarting at that moment", async () => {
    const { start, serves, clock, ended, service, world } = await prepared();
    const id = await start({ pauseSeconds: null });
    await clock.advance(5000);
    world.cluster.failures.push(...Array.from({ length: 8 }, away));
    await service.abortRelease(SHOP);
    expect(await ended(id)).toMatchObject({ state: "cancelled" });
    expect(world.cluster.failures).toEqual([]);
    expect(serves()).toEqual(["v1 100"]);
  });

  test("that cannot be taken back says so, and why it should have been", async () => {
    const { start, serves, clock, ended, service, world } = await prepared();
    const id = await start({ pauseSeconds: null });
    await clock.advance(5000);
    world.cluster.failures.push(...Array.from({ length: 1000 }, away));
    await service.abortRelease(SHOP);
    const { state, failure } = toOperation(await ended(id), 0);
    expect({ state, failure }).toMatchObject({
      state: "failed",
      failure: { code: "not_taken_back", hint: expect.stringContaining("ebb rollback shop") },
    });
    expect(failure?.chain.join(" ")).toMatch(/was cancelled.*did not take the old split within 120 s/);
    expect(serves()).toEqual(["v2 10", "v1 90"]);
    world.cluster.failures.length = 0;
    await ended((await service.rollback(SHOP, { to: "v1" }, "ann")).id);
    expect(serves()).toEqual(["v1 100"]);
  });

  test("that was aborted while its platform was dead is taken back by the next", async () => {
    const { start, serves, clock, service, db, stop, world } = await prepared();
    const id = await start({ pauseSeconds: null });
    await clock.advance(5000);
    expect(serves()).toEqual(["v2 10", "v1 90"]);
    await db.updateTable("operations").set({ cancel_requested: 1 }).where("id", "=", id).execute();
    expect(await service.getOperation(id)).toMatchObject({ state: "running" });
    await stop();
    expect(await (await startProcess(world)).ended(id)).toMatchObject({ state: "cancelled" });
    expect(serves()).toEqual(["v1 100"]);
  });

  test.each([
    ["steps that do not grow", { steps: [50, 10, 100] }],
    ["steps that do not end at 100", { steps: [10, 50] }],
    ["a version that has everything", { version: "v1" }],
  ])("with %s is refused", async (_, more) => {
    const { start } = await prepared();
    await expect(start(more)).rejects.toMatchObject({ code: "invalid_release" });
  });
});
