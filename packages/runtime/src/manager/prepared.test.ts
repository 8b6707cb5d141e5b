import { silentLogger, systemRandom, TransientError } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { InstanceManager } from "../port.ts";
import { FakeDriver } from "./fake-driver.fixture.ts";
import { createInstanceManager } from "./instance-manager.ts";
import { PROBE, workload } from "./workload.fixture.ts";

const KEY = "default/app";

const made = (env: Record<string, string> = {}) => workload(KEY, { env });

let clock: VirtualClock;
let driver: FakeDriver;
let manager: InstanceManager;

function open(frozenMemoryBytes = 2 ** 30): void {
  const services = { clock, random: systemRandom, log: silentLogger };
  manager = createInstanceManager({ drivers: { process: driver }, ...services, drain: () => Promise.resolve(0), frozenMemoryBytes });
}
beforeEach(() => {
  clock = new VirtualClock();
  driver = new FakeDriver(clock);
  open();
});
afterEach(async () => {
  await manager.stop({ stopInstances: false });
  expect(clock.pending).toBe(0);
});

async function prepared(): Promise<string> {
  await manager.start();
  manager.setWorkloads([made()]);
  manager.setIdle(KEY, "prepared");
  await clock.advance(100);
  return manager.instances(KEY)[0]?.id ?? "";
}
const phases = () =>
  manager
    .instances(KEY)
    .map(({ phase }) => phase)
    .sort();

describe("a prepared instance", () => {
  test("is made ahead, starts on demand as the one that was prepared, and another takes its place", async () => {
    const id = await prepared();
    expect(phases()).toEqual(["prepared"]);
    expect(driver.calls).toEqual([`initialise ${id}`]);
    manager.scale(KEY, 1);
    await clock.advance(500);
    expect(phases()).toEqual(["ready"]);
    await clock.advance(1000);
    const statuses = manager.instances(KEY);
    expect(statuses.find(({ phase }) => phase === "ready")).toMatchObject({ id, start: { from: "prepared" } });
    expect(phases()).toEqual(["prepared", "ready"]);
    expect(driver.calls.slice(1, 2)).toEqual([`start ${id}`]);
  });

  test("that nobody else lets go is told of as soon as its program runs: the gateway tries it from then on", async () => {
    await prepared();
    driver.gateFile = () => undefined;
    const { exec: _, ...readiness } = { ...PROBE, tcp: {} };
    manager.putWorkload(workload(KEY, { readiness }));
    await clock.advance(2000);
    const told: unknown[] = [];
    const unsubscribe = manager.onChange(() => told.push(manager.instances(KEY)[0]?.trial));
    manager.scale(KEY, 1);
    await clock.advance(1);
    unsubscribe();
    expect(told).toContainEqual({ host: "127.0.0.1", port: 1 });
  });

  test("tells where its program is let go, and where it will be reached from then on, if accepting is all of its readiness", async () => {
    const id = await prepared();
    const trials = () => manager.instances(KEY).map(({ trial }) => trial);
    expect(trials()).toEqual([undefined]);
    const { exec: _, ...readiness } = { ...PROBE, tcp: {} };
    const blocked = Promise.withResolvers<void>();
    driver.startGate = () => blocked.promise;
    manager.putWorkload(workload(KEY, { readiness }));
    await clock.advance(2000);
    const [made] = manager.instances(KEY);
    expect(made?.id).not.toBe(id);
    expect(trials()).toEqual([{ host: "127.0.0.1", port: 1, gateFile: `/data/${made?.id}/gate` }]);
    manager.scale(KEY, 1);
    await clock.advance(1);
    expect(trials()).toEqual([{ host: "127.0.0.1", port: 1 }]);
    blocked.resolve();
    await clock.advance(0);
    expect(trials()[0]).toEqual({ host: "127.0.0.1", port: 1 });
  });

  test("the next one is made only when the first one serves", async () => {
    await prepared();
    driver.healthy = () => false;
    manager.scale(KEY, 1);
    await clock.advance(500);
    expect(phases()).toEqual(["starting"]);
    driver.healthy = () => true;
    await clock.advance(4000);
    expect(phases()).toEqual(["prepared", "ready"]);
  });

  test("asked for while it is still being made, it starts right after", async () => {
    const gate = Promise.withResolvers<void>();
    driver.prepareGate = () => gate.promise;
    const id = await prepared();
    manager.scale(KEY, 1);
    await clock.advance(10);
    expect(driver.calls).toEqual([]);
    gate.resolve();
    await clock.advance(100);
    expect(driver.calls.slice(0, 2)).toEqual([`initialise ${id}`, `start ${id}`]);
    expect(manager.instances(KEY).find(({ phase }) => phase === "ready")).toMatchObject({ id, start: { from: "prepared" } });
  });

  test("wanted but not to be made, it is started as any other", async () => {
    const gate = Promise.withResolvers<void>();
    driver.prepareGate = () => gate.promise;
    driver.failInitialise = new TransientError("EngineError", "no");
    const id = await prepared();
    manager.scale(KEY, 1);
    gate.resolve();
    await clock.advance(100);
    expect(manager.instances(KEY)).toMatchObject([{ id, phase: "ready", start: { from: "cold" } }]);
  });

  test("one that cannot be made leaves nothing, and is tried again later", async () => {
    driver.failInitialise = new TransientError("EngineError", "no");
    await prepared();
    expect(manager.instances(KEY)).toEqual([]);
    await clock.advance(29_000);
    expect(manager.instances(KEY)).toEqual([]);
    driver.failInitialise = undefined;
    await clock.advance(2000);
    expect(phases()).toEqual(["prepared"]);
  });

  test("one that ends by itself is not made over and over", async () => {
    const id = await prepared();
    driver.crash(id);
    await clock.advance(20_000);
    expect(manager.instances(KEY)).toEqual([]);
    await clock.advance(20_000);
    expect(phases()).toEqual(["prepared"]);
  });

  test("of other settings it is made anew", async () => {
    const id = await prepared();
    manager.putWorkload(made({ GREETING: "hi" }));
    await clock.advance(1100);
    expect(phases()).toEqual(["prepared"]);
    expect(manager.instances(KEY)[0]?.id).not.toBe(id);
    expect(driver.calls).toContain(`stop ${id}`);
    expect(driver.calls).toContain(`forget ${id}`);
  });

  test("goes when nothing is to be kept, and with its workload", async () => {
    await prepared();
    manager.setIdle(KEY, "cold");
    await clock.advance(100);
    expect(manager.instances(KEY)).toEqual([]);
    manager.setIdle(KEY, "prepared");
    await clock.advance(100);
    expect(phases()).toEqual(["prepared"]);
    manager.removeWorkload(KEY);
    await clock.advance(100);
    expect([driver.prepared.size, manager.all()]).toEqual([0, []]);
  });

  test("is adopted over a restart, unless its settings have changed meanwhile", async () => {
    const id = await prepared();
    await manager.stop({ stopInstances: false });
    open();
    await manager.start();
    manager.setWorkloads([made()]);
    expect(manager.instances(KEY)).toMatchObject([{ id, phase: "prepared" }]);
    expect(manager.desired(KEY)).toBe(0);
    await manager.stop({ stopInstances: false });
    open();
    await manager.start();
    manager.setWorkloads([made({ GREETING: "hi" })]);
    await clock.advance(100);
    expect(driver.calls).toContain(`stop ${id}`);
  });

  test("for which there is no room is not made over and over", async () => {
    await manager.stop({ stopInstances: false });
    open(1024);
    await prepared();
    await clock.advance(60_000);
    expect(manager.instances(KEY)).toEqual([]);
    expect(driver.calls.filter((call) => call.startsWith("initialise")).length).toBeLessThanOrEqual(1);
    manager.scale(KEY, 1);
    await clock.advance(1000);
    expect(phases()).toContain("ready");
  });
});
