import { silentLogger, systemRandom } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeDriver } from "../manager/fake-driver.fixture.ts";
import { createInstanceManager } from "../manager/instance-manager.ts";
import { PROBE, workload } from "../manager/workload.fixture.ts";
import type { InstanceManager, InstanceStatus, PartSpec } from "../port.ts";
import { withParts } from "./pod-driver.ts";

const part = (name: string, more: Partial<PartSpec> = {}): PartSpec => ({
  name,
  role: "sidecar",
  artifact: { kind: "bundle", digest: "0", path: "/bundle" },
  env: {},
  resources: {},
  ...more,
});

describe("an instance of several programs", () => {
  let clock: VirtualClock;
  let driver: FakeDriver;
  let manager: InstanceManager;

  beforeEach(() => {
    clock = new VirtualClock();
    driver = new FakeDriver(clock);
    open();
  });
  afterEach(async () => {
    await manager.stop({ stopInstances: true });
    expect([...driver.running.keys()]).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  function open(): void {
    const services = { clock, log: silentLogger };
    manager = createInstanceManager({
      drivers: { process: withParts(driver, services) },
      random: systemRandom,
      drain: () => Promise.resolve(0),
      ...services,
    });
  }
  async function run(parts: PartSpec[], more: object = {}): Promise<void> {
    await manager.start();
    manager.setWorkloads([workload("default/app", { parts, ...more })]);
    manager.scale("default/app", 1);
    await clock.advance(10);
  }
  const only = (): InstanceStatus => {
    const [status] = manager.instances("default/app").filter(({ phase }) => phase !== "ended");
    if (!status) throw new Error("no instance");
    return status;
  };
  const partOf = (name: string) => only().parts?.find((status) => status.name === name);
  /** Without the instance's own name, which is made up. */
  const calls = () => driver.calls.map((call) => call.replace(only().id, "POD"));

  it("is ready when all are, and says which is not", async () => {
    driver.healthy = (id) => !id.endsWith(".log");
    await run([part("log", { readiness: PROBE }), part("other")]);
    expect(only()).toMatchObject({ phase: "starting", mainReady: true, message: expect.stringContaining("container log:") });
    driver.healthy = () => true;
    await clock.advance(10);
    expect(only().phase).toBe("ready");
  });

  it("waits for those that run first, one after the other, and starts the others behind the one that serves", async () => {
    await run([part("one", { role: "init" }), part("side"), part("two", { role: "init" })]);
    expect(calls()).toEqual(["start POD.one"]);
    driver.crash(`${only().id}.one`, { exitCode: 0, reason: "Completed" });
    await clock.advance(10);
    expect(calls().slice(1)).toEqual(["start POD.two"]);
    driver.crash(`${only().id}.two`, { exitCode: 0, reason: "Completed" });
    await clock.advance(10);
    expect(calls().slice(2)).toEqual(["start POD", "start POD.side"]);
    expect(only().phase).toBe("ready");
  });

  it("runs one that fails first again, ever later, and the others not at all", async () => {
    await run([part("setup", { role: "init" })]);
    for (const [wait, restarts] of [
      [100, 1],
      [1000, 2],
      [2000, 3],
    ] as const) {
      driver.crash(`${only().id}.setup`, { exitCode: 7 });
      await clock.advance(0);
      expect(only()).toMatchObject({ phase: "backoff", reason: "Init:CrashLoopBackOff", parts: [{ restarts, lastExit: { exitCode: 7 } }] });
      await clock.advance(wait - 1);
      expect(calls().filter((call) => call.startsWith("start"))).toHaveLength(restarts);
      await clock.advance(1);
    }
    expect(new Set(calls())).toEqual(new Set(["start POD.setup"]));
  });

  it("can be retired while it waits for one that runs first", async () => {
    await run([part("setup", { role: "init" })]);
    manager.scale("default/app", 0);
    await clock.advance(10);
    expect([...driver.running.keys()]).toEqual([]);
  });

  it("is not ready while a sidecar is started again, and is once it runs", async () => {
    await run([part("log")]);
    const { id } = only();
    driver.crash(`${id}.log`, { exitCode: 1 });
    await clock.advance(10);
    expect(only()).toMatchObject({ phase: "unready", reason: "CrashLoopBackOff", mainReady: true });
    expect(partOf("log")).toMatchObject({ phase: "waiting", ready: false, restarts: 1, lastExit: { exitCode: 1 } });
    await clock.advance(100);
    expect([only().phase, only().id, only().restarts, partOf("log")?.ready]).toEqual(["ready", id, 0, true]);
  });

  it("starts only the one that serves again when that is unhealthy or ends, and not what ran first", async () => {
    await run([part("setup", { role: "init" }), part("log")], { liveness: { ...PROBE, periodSeconds: 1 } });
    driver.crash(`${only().id}.setup`, { exitCode: 0 });
    await clock.advance(10);
    const { length } = calls();
    driver.healthy = (id) => id.includes(".");
    await clock.advance(3000);
    driver.healthy = () => true;
    await clock.advance(200);
    expect(calls().slice(length)).toEqual(["stop POD", "start POD"]);
    driver.crash(only().id);
    await clock.advance(1000);
    expect(calls().slice(length + 2)).toEqual(["start POD"]);
    expect(only()).toMatchObject({ phase: "ready", restarts: 2 });
  });

  it("is adopted as a whole; parts without the one that serves are stopped", async () => {
    await run([part("log")]);
    const { id } = only();
    await manager.stop({ stopInstances: false });
    const lost = { ...workload("default/app").template, id: "lost.log", memberOf: { group: "lost", mounts: [] } };
    driver.running.set("lost.log", { spec: lost, address: { host: "127.0.0.1", port: 1 }, startedAt: 0 });
    open();
    const started = manager.start();
    await clock.advance(10);
    await started;
    manager.setWorkloads([workload("default/app", { parts: [part("log")] })]);
    await clock.advance(10);
    expect(only()).toMatchObject({ id, phase: "ready", parts: [{ name: "log", phase: "running", ready: true }] });
    expect([...driver.running.keys()].sort()).toEqual([id, `${id}.log`]);
  });

  it("has a startup probe that the others wait for, and that has it started again when it fails for good", async () => {
    const startup = { ...PROBE, periodSeconds: 1, failureThreshold: 3, exec: { command: ["up"] } };
    driver.healthy = () => false;
    await run([], { startup });
    await clock.advance(1500);
    expect(only()).toMatchObject({ phase: "starting", restarts: 0 });
    await clock.advance(1000);
    expect(only()).toMatchObject({ restarts: 1 });
    driver.healthy = () => true;
    await clock.advance(1000);
    expect(only().phase).toBe("ready");
  });
});
