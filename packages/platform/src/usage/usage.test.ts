import { silentLogger } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import { describeDatabases } from "../testing/databases.ts";
import { FakeClusters } from "../testing/fake-cluster.ts";
import { createWorld, startProcess } from "../testing/world.ts";
import { KEPT, type Running } from "./count.ts";
import { UsageCounter } from "./counter.ts";
import { pruneUsage, readDays, readGaps, recordCount } from "./store.ts";

const at = (text: string) => Date.parse(text);
const OWNER = { team: "default", app: "shop", env: "test", cpu: 2, memory: 0.5 };
const MIDNIGHT = at("2026-01-02T00:00:00Z");
const instance: Running = { ...OWNER, id: "a", kept: false, from: at("2026-01-01T12:00:00Z") };
const kept: Running = { ...instance, id: `${KEPT}x`, kept: true };
const ALL = { from: "2026-01-01", to: "2026-12-31" };

describeDatabases("usage", (when, open) => {
  when("is counted once, by day, with the gaps in which nobody counted", async () => {
    const { db } = await open();
    const counts = (now: number, ...running: Running[]) => recordCount(db, "main", running, { now, since: MIDNIGHT - 60_000 });
    expect(await counts(MIDNIGHT - 60_000, instance, kept)).toBe(true);
    expect(await Promise.all([counts(MIDNIGHT + 30_000, instance, kept), counts(MIDNIGHT + 30_000, instance, kept)])).toContain(false);
    const seconds = async () =>
      (await readDays(db, ALL)).map((row) => [row.day, row.instance_seconds, row.cpu_seconds, row.memory_seconds, row.kept_seconds]);
    expect(await seconds()).toEqual([
      ["2026-01-01", 60, 120, 30, 60],
      ["2026-01-02", 30, 60, 15, 30],
    ]);
    expect(await counts(MIDNIGHT + 3_630_000, instance, kept)).toBe(true);
    expect(await seconds()).toContainEqual(["2026-01-02", 3630, 7260, 1815, 30]);
    expect(await readGaps(db, 0, MIDNIGHT * 2)).toEqual([{ cluster: "main", began: MIDNIGHT + 30_000, ended: MIDNIGHT + 3_630_000 }]);
    expect(await readDays(db, { ...ALL, team: "other" })).toEqual([]);
    expect(await readDays(db, { ...ALL, visible: [] })).toEqual([]);
    await pruneUsage(db, MIDNIGHT + 401 * 86_400_000);
    expect(await seconds()).toEqual([]);
  });

  when("of instances that live between two counts is what they lived", async () => {
    const { db } = await open();
    const clock = new VirtualClock(at("2026-01-01T00:00:00Z"));
    const clusters = new FakeClusters();
    const cluster = clusters.of({ namespace: "default" });
    const counter = new UsageCounter({ db, clusters, clock, log: silentLogger });
    await counter.start();
    await counter.count();
    await clock.advance(1);
    const service = { name: "shop", labels: { "ebb.dev/app": "shop" } };
    const spec = { template: { metadata: { name: "shop-00001" }, spec: { containers: [{ image: "ok-1" }] } } };
    await clock.advance(1000);
    await cluster.putService({ apiVersion: "serving.knative.dev/v1", kind: "Service", metadata: service, spec });
    const pod = cluster.storedPods.get("shop-00001-pod");
    expect(pod).toBeDefined();
    if (!pod?.status) return;
    pod.metadata.labels = { "ebb.dev/app": "shop" };
    pod.status.startTime = new Date(clock.now()).toISOString();
    await clock.advance(12_000);
    cluster.storedPods.clear();
    cluster.tell({ kind: "pod", app: "shop" });
    await clock.advance(60_000);
    await counter.stop();
    const [day] = await readDays(db, ALL);
    expect(day?.instance_seconds).toBeCloseTo(12.2, 5);
  });
});

test("a report tells what always-on instances would have cost, by what is asked for, in the team's own prices", async () => {
  const process = await startProcess(await createWorld());
  const { service, db } = process;
  const day = {
    day: "2026-01-01",
    team: "default",
    env: "test",
    kept_seconds: 36_000,
    kept_cpu_seconds: 36_000,
    kept_memory_seconds: 36_000,
  };
  await db
    .insertInto("usage_days")
    .values([
      { ...day, app: "shop", instance_seconds: 3600, cpu_seconds: 3600, memory_seconds: 3600 },
      { ...day, app: "cart", instance_seconds: 7200, cpu_seconds: 7200, memory_seconds: 7200 },
    ])
    .execute();
  expect(await service.patchPrices({ currency: "EUR", cpuHour: 1, memoryHour: 0.5 })).toMatchObject({ currency: "EUR", assumedCpu: 0.25 });
  const report = await service.usage({}, undefined);
  expect(report).toMatchObject({ from: "2025-12-03", to: "2026-01-01", prices: { currency: "EUR" } });
  expect(report.items.map(({ app, environment, cost, savedShare }) => [app, environment, cost, savedShare])).toEqual([
    ["cart", "test", 3, 0.8],
    ["shop", "test", 1.5, 0.9],
  ]);
  expect(report.total).toMatchObject({ instanceSeconds: 10_800, cost: 4.5, kept: { cost: 30 }, savedShare: 0.85 });
  expect((await service.usage({ by: "team" }, undefined)).items).toMatchObject([
    { team: "default", app: null, environment: null, cost: 4.5 },
  ]);
  expect((await service.usage({ by: "day", app: "shop" }, undefined)).items).toMatchObject([{ day: "2026-01-01", cost: 1.5 }]);
  expect((await service.usage({}, ["other"])).items).toEqual([]);
  await expect(service.usage({ from: "2026-02-01", to: "2026-01-01" }, undefined)).rejects.toMatchObject({ code: "invalid_request" });
  await expect(service.usage({ from: "2026-99-01" }, undefined)).rejects.toMatchObject({ code: "invalid_request" });
});
