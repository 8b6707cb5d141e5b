import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { createWorld, SHOP, startProcess } from "../testing/world.ts";
import { floorTo, prunePoints, RESOLUTIONS } from "./store.ts";
import { noUsage, quantile, usageBetween } from "./usage.ts";

interface Counted {
  revision?: string;
  namespace?: string;
  ok?: number;
  failed?: number;
  /** Cumulative, by upper bound. */
  buckets?: Record<string, number>;
  seconds?: number;
  denied?: number;
}

const SERVING = (revision: string) => revision.replace(/-\d+$/, "");

function exposition(...revisions: Counted[]): string {
  const lines = ["# HELP ebb_revision_instance_seconds x", "# TYPE ebb_revision_instance_seconds counter"];
  for (const { revision = "shop-00001", namespace = "default", ok = 0, failed = 0, buckets = {}, seconds = 0, denied } of revisions) {
    const at = `namespace_name="${namespace}",service_name="${SERVING(revision)}",revision_name="${revision}"`;
    lines.push(`revision_request_count{${at},response_code_class="2xx"} ${ok}`);
    lines.push(`revision_request_count{${at},response_code_class="5xx"} ${failed}`);
    for (const [bound, count] of Object.entries(buckets)) lines.push(`revision_request_latencies_bucket{${at},le="${bound}"} ${count}`);
    lines.push(`revision_request_latencies_sum{${at}} ${(ok + failed) * 3}`);
    lines.push(`ebb_revision_instance_seconds{${at}} ${seconds}`);
    if (denied !== undefined) lines.push(`ebb_revision_intervention_count{${at},intervention="denied"} ${denied}`);
  }
  return `${lines.join("\n")}\n`;
}

async function deployed() {
  const world = await createWorld();
  const process = await startProcess(world);
  const deploy = async () => process.ended((await process.service.deployImage({ name: "shop", image: "ok" }, "ann")).id);
  expect((await deploy()).state).toBe("succeeded");
  const read = async (text: string, after = 10_000) => {
    await process.clock.advance(after);
    world.clusters.metricsText = text;
    return process.service.metrics(SHOP, {});
  };
  return { world, process, deploy, read };
}

describe("an app's metrics", () => {
  test("tell what was refused, though nothing else happened, also behind points of an Ebb that did not count it", async () => {
    const { read, process } = await deployed();
    await read(exposition({ ok: 1, seconds: 1 }));
    const { db } = process;
    await sql`update metric_points set usage_json = replace(usage_json, '"interventions":{},', '')`.execute(db);
    await sql`update metric_counters set counters_json = replace(counters_json, '"interventions":{},', '')`.execute(db);
    const points = await db.selectFrom("metric_points").select("usage_json").execute();
    expect(points.map(({ usage_json }) => usage_json.includes("interventions"))).not.toContain(true);
    await read(exposition({ ok: 1, seconds: 1, denied: 3 }), 1000);
    const metrics = await read(exposition({ ok: 1, seconds: 1, denied: 5 }));
    expect(metrics.total.summary).toMatchObject({ requests: 1, interventions: { denied: 5 } });
  });

  test("are what the counters grew by, in the span in which it was seen, by version and as a whole", async () => {
    const { deploy, read } = await deployed();
    await deploy();
    await read(exposition({ ok: 10, seconds: 5 }));
    const metrics = await read(
      exposition({ ok: 10, seconds: 15 }, { revision: "shop-00002", ok: 6, failed: 2, buckets: { 1: 4, 5: 8, "+Inf": 8 }, seconds: 10 }),
    );
    expect(metrics.versions.map(({ version, summary }) => [version, summary.requests, summary.errors])).toEqual([
      ["v2", 8, 2],
      ["v1", 10, 0],
    ]);
    expect(metrics.total.summary).toMatchObject({
      requests: 18,
      errors: 2,
      responses: { "2xx": 16, "5xx": 2 },
      p50Ms: 1,
      p95Ms: 4.6,
      meanMs: 3,
    });
    expect(metrics.total.points.map(({ requests }) => requests)).toEqual([10, 8]);
    expect(metrics.versions[0]?.points).toHaveLength(1);
    expect(metrics).toMatchObject({ recorded: true, stepSeconds: 10 });
  });

  test("go on over a restart of the platform, of the gateway, and of the cluster", async () => {
    const { world, process, read } = await deployed();
    await read(exposition({ ok: 10, seconds: 20 }));
    await process.stop();
    world.now += 60_000;
    world.clusters.metricsText = exposition({ ok: 25, seconds: 80 });
    const next = await startProcess(world);
    expect((await next.service.metrics(SHOP, {})).total.summary.requests).toBe(25);
    await next.clock.advance(10_000);
    world.clusters.metricsText = exposition({ ok: 3, seconds: 90 });
    const { total } = await next.service.metrics(SHOP, {});
    expect(total.summary.requests).toBe(28);
    expect(total.summary.instances).toBe(0.025);
  });

  test("hold only what is the app's, and what belongs to the platform", async () => {
    const { process, read } = await deployed();
    const metrics = await read(exposition({ ok: 1 }, { revision: "other-00001", ok: 9 }, { revision: "shop-xyz", ok: 9 }));
    expect(metrics.total.summary.requests).toBe(1);
    expect(await process.db.selectFrom("metric_counters").select("app").execute()).toEqual([{ app: "shop" }]);
  });

  test("of a cluster that does not count are said not to be recorded", async () => {
    const { read } = await deployed();
    expect(await read("# TYPE apiserver_request_total counter\napiserver_request_total 7\n")).toMatchObject({
      recorded: false,
      total: { summary: { requests: 0, p50Ms: null, meanMs: null }, points: [] },
      versions: [],
    });
  });

  test("go with the app", async () => {
    const { process, read } = await deployed();
    await read(exposition({ ok: 10 }));
    await process.ended((await process.service.deleteApp("shop", "ann")).id);
    expect(await process.db.selectFrom("metric_points").selectAll().execute()).toEqual([]);
    expect(await process.db.selectFrom("metric_counters").selectAll().execute()).toEqual([]);
  });

  test("are kept finely for an hour and by the hour for thirty days", async () => {
    const { process, read } = await deployed();
    await read(exposition({ ok: 10 }));
    const left = async () =>
      (await process.db.selectFrom("metric_points").select("step").orderBy("step").execute()).map(({ step }) => step);
    const at = process.clock.now();
    expect(await left()).toEqual([10, 60, 3600]);
    await prunePoints(process.db, at + 2 * 3_600_000);
    expect(await left()).toEqual([60, 3600]);
    await prunePoints(process.db, at + 40 * 86_400_000);
    expect(await left()).toEqual([]);
  });

  test.each([
    ["an end before the beginning", { from: "2026-01-01T00:00:00Z", to: "2025-01-01T00:00:00Z" }],
    ["the future", { from: "2030-01-01T00:00:00Z" }],
    ["too many points", { from: "2025-12-01T00:00:00Z", step: 10 }],
  ])("of %s are refused", async (_, request) => {
    const { process } = await deployed();
    await expect(process.service.metrics(SHOP, request)).rejects.toMatchObject({ code: "invalid_request" });
  });

  test.each([
    ["an hour", 1, 10],
    ["a day", 24, 60],
    ["a week", 168, 3600],
  ])("of %s have the step that covers it", async (_, hours, step) => {
    const { process } = await deployed();
    const from = new Date(process.clock.now() - hours * 3_600_000).toISOString();
    expect((await process.service.metrics(SHOP, { from })).stepSeconds).toBe(step);
  });
});

test("a quantile is interpolated in its bucket; beyond the last bound it is that bound", () => {
  expect(quantile({}, 0.5)).toBeUndefined();
  expect(quantile({ 10: 10 }, 0.5)).toBe(5);
  expect(quantile({ 10: 1, 20: 1, "+Inf": 0 }, 0.75)).toBe(15);
  expect(quantile({ 10: 1, "+Inf": 9 }, 0.99)).toBe(10);
});

test("a counter that fell has begun anew, the others of its process with it", () => {
  const before = { ...noUsage(), responses: { "2xx": 10 }, held: 2, instanceSeconds: 50 };
  const after = { ...noUsage(), responses: { "2xx": 1 }, held: 2, instanceSeconds: 60 };
  expect(usageBetween(before, after)).toMatchObject({ responses: { "2xx": 1 }, held: 2, instanceSeconds: 10 });
});

test("spans begin at multiples of their length", () => {
  for (const { step } of RESOLUTIONS) expect(floorTo(step, 1_234_567_890) % (step * 1000)).toBe(0);
});
