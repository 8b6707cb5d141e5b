import type { ChangeEvent, LogRecord, OperationEvent } from "@ebb/api";
import { silentLogger, systemClock } from "@ebb/base";
import { eventually, VirtualClock } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import type { PodLogLine } from "../cluster/port.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { createWorld, startProcess, upload } from "../testing/world.ts";
import { appLogs } from "./app-logs.ts";

function collect<T>(source: AsyncIterable<T>): { seen: T[]; done: Promise<void> } {
  const seen: T[] = [];
  const done = (async () => {
    for await (const value of source) seen.push(value);
  })();
  return { seen, done };
}

function stopper(): AbortController {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  return stop;
}

describe("an operation's events", () => {
  test("are its states and lines from the beginning, the terminal state last, to whoever asks and whenever", async () => {
    const world = await createWorld();
    const { service, ended, clock } = await startProcess(world);
    const gate = Promise.withResolvers<void>();
    const { id } = await service.deploySource({ ...upload(world, "a", { wait: gate.promise }), name: "shop" }, "ann");
    const early = collect<OperationEvent>(await service.operationEvents(id, stopper().signal));
    await clock.advance(1000);
    await eventually(() => early.seen.some((event) => event.type === "log" && event.line === "compiling"));
    expect(early.seen.at(0)).toMatchObject({ type: "operation" });
    gate.resolve();
    await ended(id);
    await early.done;
    const late = collect<OperationEvent>(await service.operationEvents(id, stopper().signal));
    await late.done;
    for (const { seen } of [early, late]) {
      expect(seen.filter((event) => event.type === "log").map((event) => event.line)).toEqual(["compiling"]);
      expect(seen.at(-1)).toMatchObject({ type: "operation", operation: { state: "succeeded", version: "v1" } });
      expect(seen.filter((event) => event.type === "operation" && event.operation.finishedAt !== null).length).toBe(1);
    }
  });

  test("end when the reader goes, and refuse an operation that is not there", async () => {
    const world = await createWorld();
    const { service } = await startProcess(world);
    await expect(service.operationEvents("nothing", stopper().signal)).rejects.toMatchObject({ code: "operation_not_found" });
    const { id } = await service.deployImage({ name: "shop", image: "hang" }, "ann");
    const stop = stopper();
    const { done } = collect(await service.operationEvents(id, stop.signal));
    stop.abort();
    await done;
  });
});

test("changes begin with the call to read everything, and a burst of one app's is told once", async () => {
  const world = await createWorld();
  const { service, ended, clock } = await startProcess(world);
  const stop = stopper();
  const { seen, done } = collect<ChangeEvent>(service.changes({ signal: stop.signal, visible: undefined }));
  await eventually(() => seen.length === 1);
  expect(seen).toEqual([{ type: "app", app: "" }]);
  const operation = await service.deployImage({ name: "shop", image: "ok-1" }, "ann");
  await ended(operation.id);
  await clock.advance(1000);
  await eventually(() => new Set(seen.map((event) => event.type)).has("operation"));
  expect(new Set(seen.slice(1).map((event) => event.app))).toEqual(new Set(["shop"]));
  expect(seen.length).toBeLessThan(world.cluster.writes.length * 4);
  stop.abort();
  await done;
});

test("changes since a reader read are told again; all is to be read where the platform has not run, or does not remember, so long", async () => {
  const world = await createWorld();
  const { service, ended, clock } = await startProcess(world);
  const stop = stopper();
  const ask = (ago: number) => collect<ChangeEvent>(service.changes({ signal: stop.signal, visible: undefined, ago })).seen;
  const early = ask(1);
  await eventually(() => early.length === 1);
  expect(early).toEqual([{ type: "app", app: "" }]);
  await clock.advance(60_000);
  await ended((await service.deployImage({ name: "shop", image: "ok-1" }, "ann")).id);
  await clock.advance(30_000);
  const quiet = ask(1000);
  const told = ask(45_000);
  await eventually(() => told.some(({ type }) => type === "operation"));
  expect(new Set(told.map(({ app }) => app))).toEqual(new Set(["shop"]));
  expect(quiet).toEqual([]);
  await clock.advance(3_600_000);
  const late = ask(3_000_000);
  await eventually(() => late.length === 1);
  expect(late).toEqual([{ type: "app", app: "" }]);
});

describe("an app's log", () => {
  class Talking extends FakeCluster {
    lines = new Map<string, PodLogLine[]>();
    asked: string[] = [];
    override async *podLogs(pod: string, options?: { follow: boolean; since?: string; signal: AbortSignal }): AsyncGenerator<PodLogLine> {
      this.asked.push(`${pod} since ${options?.since ?? "the beginning"}`);
      const { since = "" } = options ?? {};
      yield* (this.lines.get(pod) ?? []).filter(({ time }) => time >= since);
    }
  }
  const service = (image: string, number: number) => ({
    apiVersion: "serving.knative.dev/v1" as const,
    kind: "Service" as const,
    metadata: { name: "shop" },
    spec: {
      template: {
        metadata: { name: `shop-0000${number}`, labels: { "ebb.dev/app": "shop", "ebb.dev/version": `v${number}` } },
        spec: { containers: [{ image }] },
      },
    },
  });
  const line = (second: number, text: string): PodLogLine => ({ time: `2026-01-01T00:00:0${second}Z`, text });

  test("is that of all its instances in the order of time, of one version, or its end", async () => {
    const cluster = new Talking();
    await cluster.putService(service("ok-1", 1));
    await cluster.putService(service("ok-2", 2));
    cluster.lines.set("shop-00001-pod", [line(1, "a"), line(3, "c")]);
    cluster.lines.set("shop-00002-pod", [line(2, "b"), line(4, "d")]);
    const read = async (more: object) => {
      const { seen, done } = collect<LogRecord>(
        appLogs({ cluster, clock: systemClock, log: silentLogger }, "shop", { follow: false, signal: stopper().signal, ...more }),
      );
      await done;
      return seen.map((record) => `${record.version} ${record.text}`);
    };
    expect(await read({})).toEqual(["v1 a", "v2 b", "v1 c", "v2 d"]);
    expect(await read({ version: "v2" })).toEqual(["v2 b", "v2 d"]);
    expect(await read({ instance: "shop-00001-pod" })).toEqual(["v1 a", "v1 c"]);
    expect(await read({ tail: 1 })).toEqual(["v2 d"]);
    const reads = cluster.asked.length;
    expect(await read({ tail: 0 })).toEqual([]);
    expect(await read({ tail: 0, until: "2026-01-01T00:00:03Z" })).toEqual([]);
    expect(cluster.asked).toHaveLength(reads);
    expect(await read({ until: "2026-01-01T01:00:02+01:00" })).toEqual(["v1 a", "v2 b"]);
    expect(await read({ until: "2026-01-01T00:00:03.500Z", tail: 2 })).toEqual(["v2 b", "v1 c"]);
    expect(await read({ until: "2026-01-01T00:00:00Z" })).toEqual([]);
  });

  test("followed goes on with new instances, is taken up again where it broke, and ends with its reader", async () => {
    const cluster = new Talking();
    await cluster.putService(service("ok-1", 1));
    cluster.lines.set("shop-00001-pod", [line(1, "a")]);
    const stop = stopper();
    const { seen, done } = collect<LogRecord>(
      appLogs({ cluster, clock: systemClock, log: silentLogger }, "shop", { follow: true, signal: stop.signal }),
    );
    await eventually(() => seen.length === 1);
    cluster.lines.set("shop-00001-pod", [
      line(1, "a"),
      line(1, "a of the same time"),
      line(2, "b"),
      line(2, "b of the same time"),
      line(1, "late"),
    ]);
    cluster.lines.set("shop-00002-pod", [line(3, "c"), line(3, "c of the same time")]);
    await cluster.putService(service("ok-2", 2));
    await eventually(() => seen.length === 7);
    cluster.lines.get("shop-00001-pod")?.push(line(2, "b at last"));
    await eventually(() => seen.length === 8);
    const ofPod = (pod: string) => seen.filter(({ instance }) => instance === pod).map(({ text }) => text);
    expect(ofPod("shop-00001-pod")).toEqual(["a", "a of the same time", "b", "b of the same time", "late", "b at last"]);
    expect(ofPod("shop-00002-pod")).toEqual(["c", "c of the same time"]);
    expect(cluster.asked).toContain("shop-00001-pod since 2026-01-01T00:00:01Z");
    stop.abort();
    await done;
  });

  test("followed until a time that is to come ends then by the platform's clock, with what was written until then and told late", async () => {
    class Slow extends Talking {
      override async *podLogs(pod: string, options: { follow: boolean; since?: string; signal: AbortSignal }): AsyncGenerator<PodLogLine> {
        yield* super.podLogs(pod, options);
        if (options.follow) await new Promise<void>((resolve) => options.signal.addEventListener("abort", () => resolve()));
      }
    }
    const cluster = new Slow();
    const clock = new VirtualClock();
    await cluster.putService(service("ok-1", 1));
    await cluster.putService(service("ok-2", 2));
    cluster.lines.set("shop-00001-pod", [line(1, "a")]);
    cluster.lines.set("shop-00002-pod", [line(2, "b")]);
    const selection = { follow: true, until: "2026-01-01T00:00:05Z", signal: stopper().signal };
    const read = () => collect<LogRecord>(appLogs({ cluster, clock, log: silentLogger }, "shop", selection));
    const { seen, done } = read();
    await eventually(() => seen.length === 2);
    // Earlier than the newest of another instance, and not told to who follows.
    cluster.lines.get("shop-00001-pod")?.push(line(1, "a at last"), line(5, "on time"), line(6, "too late"));
    await clock.advance(6999);
    expect(seen).toHaveLength(2);
    await clock.advance(1);
    await done;
    expect(seen.map(({ text }) => text)).toEqual(["a", "b", "a at last", "on time"]);
    expect(clock.pending).toBe(0);
    const over = read();
    await over.done;
    expect(over.seen.map(({ text }) => text)).toEqual(["a", "a at last", "b", "on time"]);
  });
});
