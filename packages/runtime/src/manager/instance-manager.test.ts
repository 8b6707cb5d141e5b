import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { silentLogger, systemRandom, TransientError, UserError } from "@ebb/base";
import { eventually, VirtualClock } from "@ebb/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { InstanceExit, InstanceManager, InstanceSpec, InstanceStatus, Workload } from "../port.ts";
import { FakeDriver } from "./fake-driver.fixture.ts";
import { createInstanceManager } from "./instance-manager.ts";
import { PROBE, workload } from "./workload.fixture.ts";

describe("instance manager", () => {
  let clock: VirtualClock;
  let driver: FakeDriver;
  let manager: InstanceManager;
  let drained: string[];
  let drain: (instance: InstanceStatus) => Promise<number>;

  beforeEach(() => {
    clock = new VirtualClock();
    driver = new FakeDriver(clock);
    drained = [];
    drain = (instance) => {
      drained.push(instance.id);
      return Promise.resolve(0);
    };
    open();
  });
  afterEach(async () => {
    await manager.stop({ stopInstances: false });
    expect(clock.pending).toBe(0);
  });

  function open(parallelStarts = 4): void {
    manager = createInstanceManager({
      drivers: { process: driver },
      clock,
      random: systemRandom,
      log: silentLogger,
      drain: (instance) => drain(instance),
      drainPatience: 60_000,
      parallelStarts,
    });
  }
  /** Declares `default/app` with `count` instances and lets them become ready. */
  async function run(count: number, changes: Partial<Workload["template"]> = {}): Promise<void> {
    await manager.start();
    manager.setWorkloads([workload("default/app", changes)]);
    manager.scale("default/app", count);
    await clock.advance(10);
  }
  const statuses = (key = "default/app") => manager.instances(key).filter(({ phase }) => phase !== "ended");
  const phases = () => statuses().map(({ phase }) => phase);
  const only = (): InstanceStatus => {
    const [status] = statuses();
    if (!status) throw new Error("no instance");
    return status;
  };

  it("starts as many as are desired, named after the revision, and says that they are ready", async () => {
    await run(3);
    expect(phases()).toEqual(["ready", "ready", "ready"]);
    for (const { id } of statuses()) expect(id).toMatch(/^app-deployment-[a-z0-9]{5}$/);
    expect(only()).toMatchObject({ address: { host: "127.0.0.1", port: 1 }, restarts: 0, readyAt: clock.now() - 10 });
    expect(manager.desired("default/app")).toBe(3);
  });

  it("cuts names to 63 characters", async () => {
    await manager.start();
    manager.setWorkloads([workload(`default/${"a".repeat(63)}`)]);
    manager.scale(`default/${"a".repeat(63)}`, 1);
    expect(manager.all()[0]?.id).toHaveLength(63);
  });

  it("drains before it stops, the not ready and the youngest first", async () => {
    await run(1);
    const oldest = only().id;
    await clock.advance(1000);
    manager.scale("default/app", 2);
    await clock.advance(1000);
    driver.healthy = (id) => statuses().some((status) => status.id === id && status.phase === "ready");
    manager.scale("default/app", 3);
    await clock.advance(10);
    expect(phases()).toEqual(["ready", "ready", "starting"]);
    const starting = statuses().find(({ phase }) => phase === "starting");
    manager.scale("default/app", 1);
    await clock.advance(0);
    expect(statuses().map(({ id }) => id)).toEqual([oldest]);
    // What was never ready had no request to wait for.
    expect(drained).toHaveLength(1);
    expect(drained).not.toContain(starting?.id);
    expect(driver.running.size).toBe(1);
  });

  it("keeps the last one frozen when it says so, and thaws it without a start", async () => {
    await run(2);
    manager.setIdle("default/app", "frozen");
    manager.scale("default/app", 0);
    await clock.advance(0);
    const kept = statuses().find(({ phase }) => phase === "frozen");
    expect(drained).toHaveLength(2);
    expect([...driver.frozen]).toEqual([kept?.id]);
    expect(driver.running.size).toBe(1);
    manager.scale("default/app", 1);
    await clock.advance(0);
    expect(only()).toMatchObject({ id: kept?.id, phase: "ready", start: { from: "frozen" } });
    expect(driver.frozen.size).toBe(0);
    expect(driver.calls.filter((call) => call.startsWith("start"))).toHaveLength(2);
  });

  it("is wanted again while it drains: it was never frozen; one that keeps connections open, which nobody would answer in, ends", async () => {
    await run(1);
    manager.setIdle("default/app", "frozen");
    const drains = Promise.withResolvers<number>();
    drain = () => drains.promise;
    manager.scale("default/app", 0);
    await clock.advance(0);
    expect(phases()).toEqual(["frozen"]);
    manager.scale("default/app", 1);
    drains.resolve(0);
    await clock.advance(0);
    expect(phases()).toEqual(["ready"]);
    drain = () => Promise.resolve(2);
    manager.scale("default/app", 0);
    await eventually(() => phases().length === 0);
    expect(driver.frozen.size).toBe(0);
  });

  it("says who works in it, and to them why it ends under them", async () => {
    await run(1);
    const { id } = only();
    const open = () => manager.openSession(id, { command: ["sh"], stdin: true, terminal: true });
    const own = await open();
    expect([manager.attended("default/app"), manager.attended("default/other")]).toEqual([true, false]);
    own.end();
    await own.ended;
    expect(manager.attended("default/app")).toBe(false);
    const printed = new PassThrough();
    driver.output = printed;
    const { stdout } = await open();
    manager.scale("default/app", 0);
    await clock.advance(10);
    printed.end();
    expect(await text(stdout)).toBe(`\r\nebb: the instance ${id} was stopped: no requests came, and it sleeps\r\n`);
  });

  it("has a frozen one on the CPU while somebody works in it, though nobody wants it to serve", async () => {
    await run(1);
    const { id } = only();
    manager.setIdle("default/app", "frozen");
    const open = () => manager.openSession(id, { command: ["sh"], stdin: true, terminal: false });
    const early = await open();
    manager.scale("default/app", 0);
    await clock.advance(0);
    expect([phases(), driver.frozen.size]).toEqual([["frozen"], 0]);
    early.end();
    await eventually(() => driver.frozen.size === 1);
    const [first, second] = await Promise.all([open(), open()]);
    expect([phases(), driver.frozen.size]).toEqual([["frozen"], 0]);
    first.end();
    await first.ended;
    await clock.advance(0);
    expect(driver.frozen.size).toBe(0);
    second.end();
    await eventually(() => driver.frozen.size === 1);
    const third = await open();
    manager.scale("default/app", 1);
    await clock.advance(0);
    third.end();
    await third.ended;
    await clock.advance(0);
    expect([phases(), driver.frozen.size]).toEqual([["ready"], 0]);
  });

  it("says by which file a frozen one can be thawed, only while it is off the CPU, and drains what was thawed by that before it goes", async () => {
    await run(1);
    const { id } = only();
    manager.setIdle("default/app", "frozen");
    const drains = Promise.withResolvers<number>();
    drain = () => drains.promise;
    manager.scale("default/app", 0);
    await clock.advance(0);
    expect(only()).toMatchObject({ phase: "frozen" });
    expect(only().thawFile).toBeUndefined();
    drains.resolve(0);
    await clock.advance(0);
    expect(only()).toMatchObject({ phase: "frozen", thawFile: driver.thawFile(id) });
    manager.scale("default/app", 1);
    expect(only().thawFile).toBeUndefined();
    await clock.advance(0);
    manager.scale("default/app", 0);
    await clock.advance(0);
    const served = Promise.withResolvers<number>();
    drain = () => served.promise;
    manager.remove(id);
    await clock.advance(0);
    expect([phases(), driver.running.size]).toEqual([["draining"], 1]);
    served.resolve(0);
    await clock.advance(0);
    expect(driver.running.size).toBe(0);
  });

  it("opens no session in one that does not run", async () => {
    await run(1);
    const { id } = only();
    await expect(manager.openSession("nobody", { command: ["sh"], stdin: false, terminal: false })).rejects.toThrow("there is no instance");
    driver.crash(id);
    await expect(manager.openSession(id, { command: ["sh"], stdin: false, terminal: false })).rejects.toThrow(
      "is not running: it is backoff",
    );
  });

  it("adopts a frozen one as it is, and lets it go when nothing is to be kept", async () => {
    await run(1);
    const { id } = only();
    await manager.stop({ stopInstances: false });
    const running = driver.running.get(id);
    if (running) driver.running.set(id, { ...running, frozen: true });
    open();
    await manager.start();
    manager.setWorkloads([workload("default/app")]);
    expect(manager.desired("default/app")).toBe(0);
    expect(phases()).toEqual(["frozen"]);
    manager.setIdle("default/app", "cold");
    await clock.advance(0);
    expect(driver.running.size).toBe(0);
  });

  it("waits for the drain, but not for ever", async () => {
    await run(1);
    drain = () => new Promise(() => {});
    manager.scale("default/app", 0);
    await clock.advance(59_000);
    expect(phases()).toEqual(["draining"]);
    expect(driver.running.size).toBe(1);
    await clock.advance(2000);
    expect(driver.running.size).toBe(0);
  });

  it("restarts what crashes: at once, then with a growing delay, and shows its last words", async () => {
    await run(1);
    const { id } = only();
    driver.lastLines = ["about to fail", "Error: no database"];
    driver.crash(id);
    await clock.advance(0);
    expect(only()).toMatchObject({ id, phase: "backoff", reason: "CrashLoopBackOff", restarts: 1, lastExit: { exitCode: 1 } });
    expect(only().message).toBe("it exited with code 1\nIts last lines:\n  about to fail\n  Error: no database");
    await clock.advance(200);
    expect(only()).toMatchObject({ id, phase: "ready", restarts: 1 });
    for (const delay of [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]) {
      driver.crash(id);
      await clock.advance(delay - 20);
      expect(phases()).toEqual(["backoff"]);
      await clock.advance(40);
      expect(phases()).toEqual(["ready"]);
    }
    await clock.advance(600_000);
    driver.crash(id);
    await clock.advance(200);
    expect(phases()).toEqual(["ready"]);
  });

  it("tells what CPU an instance asks for: its limit, when it does not say", async () => {
    await run(1, { resources: { cpuMillis: 300, cpuRequestMillis: 30 } });
    expect(only().cpuMillis).toBe(30);
  });

  it.each<[string, Partial<InstanceSpec>, Partial<InstanceExit>, string | undefined]>([
    ["the end of its log", {}, { exitCode: 3 }, `${"x".repeat(2030)}\nError: no database`.slice(-2047) + "\n"],
    ["its own message before its log", {}, { exitCode: 3, message: "no database" }, "no database"],
    ["nothing, when only its message counts", { terminationMessage: { policy: "File" } }, { exitCode: 3 }, undefined],
    ["nothing of one that was evicted, as it did not end by itself", {}, { exitCode: 137, reason: "Evicted" }, undefined],
    ["nothing of one that ended well", {}, { exitCode: 0, reason: "Completed" }, undefined],
  ])("keeps with a crash what was said of it: %s", async (_, spec, exit, message) => {
    await run(1, spec);
    driver.lastLines = ["x".repeat(5000), "Error: no database"];
    driver.crash(only().id, exit);
    await clock.advance(0);
    expect(only().lastExit?.message).toBe(message);
    if (exit.message !== undefined) expect(only().message).toContain("It says: no database");
  });

  it("explains an end for want of memory and an end with code 0", async () => {
    await run(1, { resources: { memoryBytes: 64 * 1024 * 1024 } });
    driver.crash(only().id, { reason: "OOMKilled", signal: "SIGKILL" });
    await clock.advance(0);
    expect(only().message).toContain("more memory than its limit of 64 MiB");
    await clock.advance(500);
    driver.crash(only().id, { reason: "Completed", exitCode: 0 });
    await clock.advance(0);
    expect(only().message).toContain("must keep running");
  });

  it("keeps trying what cannot be started and says why in the field's words", async () => {
    driver.failStart = () => new UserError("BundleMissing", "the bundle is not there", { hint: "Deploy it again." });
    await run(1);
    expect(only()).toMatchObject({ phase: "backoff", reason: "BundleMissing", message: "the bundle is not there. Deploy it again." });
    driver.failStart = () => new TransientError("SpawnFailed", "no memory");
    await clock.advance(200);
    expect(only()).toMatchObject({ phase: "backoff", reason: "StartError", message: "no memory" });
    driver.failStart = () => undefined;
    await clock.advance(1100);
    expect(phases()).toEqual(["ready"]);
  });

  it("says that an image needs an engine where there is none", async () => {
    await run(1, { artifact: { kind: "image", reference: "nginx" } });
    expect(only()).toMatchObject({ phase: "backoff", reason: "NoContainerEngine" });
    expect(only().message).toContain("Install Podman");
  });

  it("tells what the driver finds wrong with an instance that does not become ready", async () => {
    driver.healthy = () => false;
    await run(1);
    // One that has just begun to boot has nothing to explain.
    expect(only()).toMatchObject({ phase: "starting" });
    expect([only().reason, only().message]).toEqual([undefined, undefined]);
    await clock.advance(1100);
    const message = "exec probe failed: the command exited with code 1: not yet; it listens on 3000, but requests come to $PORT";
    expect(only()).toMatchObject({ phase: "starting", reason: "ProbeFailed", message: expect.stringContaining(message) });
  });

  it("takes an instance out while its readiness fails, and back", async () => {
    await run(1);
    driver.healthy = () => false;
    await clock.advance(20_000);
    expect(phases()).toEqual(["ready"]);
    await clock.advance(15_000);
    expect(only()).toMatchObject({ phase: "unready", reason: "ProbeFailed" });
    driver.healthy = () => true;
    await clock.advance(10_000);
    expect(phases()).toEqual(["ready"]);
    expect(driver.calls.filter((call) => call.startsWith("start"))).toHaveLength(1);
  });

  it("restarts an instance whose liveness fails", async () => {
    await run(1, { liveness: { ...PROBE, periodSeconds: 1, initialDelaySeconds: 2 } });
    const { id } = only();
    driver.healthy = () => false;
    await clock.advance(5200);
    expect(driver.calls).toContain(`stop ${id}`);
    driver.healthy = () => true;
    await clock.advance(1000);
    expect(only()).toMatchObject({ id, phase: "ready", restarts: 1 });
  });

  it("adopts what runs, knows at once that it is ready, and stops the orphans", async () => {
    for (const [id, key] of [
      ["app-1", "default/app"],
      ["app-2", "default/app"],
      ["old-1", "default/old"],
    ] as const) {
      driver.running.set(id, { spec: { ...workload(key).template, id }, address: { host: "127.0.0.1", port: 2 }, startedAt: 5 });
    }
    driver.healthy = (id) => id !== "app-2";
    const started = manager.start();
    await clock.advance(0);
    await started;
    expect(manager.instances("default/app").map(({ id, phase }) => `${id} ${phase}`)).toEqual(["app-1 ready", "app-2 starting"]);
    expect(manager.desired("default/app")).toBe(2);
    manager.setWorkloads([workload("default/app")]);
    await clock.advance(100);
    expect([...driver.running.keys()]).toEqual(["app-1", "app-2"]);
    expect(drained).toEqual(["old-1"]);
    expect(manager.instances("default/old")).toEqual([]);
    expect(driver.calls).toEqual(["stop old-1", "forget old-1"]);
  });

  it("adopts later when a driver cannot be asked at first", async () => {
    driver.running.set("app-1", {
      spec: { ...workload("default/app").template, id: "app-1" },
      address: { host: "127.0.0.1", port: 2 },
      startedAt: 5,
    });
    driver.running.set("old-1", {
      spec: { ...workload("default/old").template, id: "old-1" },
      address: { host: "127.0.0.1", port: 2 },
      startedAt: 5,
    });
    driver.failList = new TransientError("EngineAway", "no engine");
    await manager.start();
    manager.setWorkloads([workload("default/app")]);
    driver.failList = undefined;
    await clock.advance(5100);
    expect(phases()).toEqual(["ready"]);
    expect([...driver.running.keys()]).toEqual(["app-1"]);
  });

  it("keeps two ended instances for their logs, also over a restart, and forgets them with the workload", async () => {
    const spec = { ...workload("default/app").template, id: "app-0" };
    driver.finished.set("app-0", { spec, startedAt: 1, exit: { id: "app-0", reason: "Completed", finishedAt: 2 } });
    await run(0);
    expect(manager.instances("default/app")).toMatchObject([{ id: "app-0", phase: "ended" }]);
    for (let round = 0; round < 3; round++) {
      manager.scale("default/app", 1);
      await clock.advance(100);
      manager.scale("default/app", 0);
      await clock.advance(100);
    }
    expect(manager.instances("default/app").map(({ phase }) => phase)).toEqual(["ended", "ended"]);
    expect(driver.calls).toContain("forget app-0");
    manager.removeWorkload("default/app");
    await clock.advance(0);
    expect(manager.all()).toEqual([]);
    expect(driver.calls.filter((call) => call.startsWith("forget"))).toHaveLength(4);
  });

  it("goes on trying to stop what a driver cannot stop, and never calls that ended", async () => {
    await run(1);
    driver.failStop = new Error("connect ENOENT podman.sock");
    manager.scale("default/app", 0);
    await clock.advance(12_000);
    expect(phases()).toEqual(["draining"]);
    driver.failStop = undefined;
    await clock.advance(5000);
    expect(phases()).toEqual([]);
    expect(driver.running.size).toBe(0);
  });

  it("replaces one that is removed", async () => {
    await run(1);
    const { id } = only();
    manager.remove(id);
    await clock.advance(10);
    expect(phases()).toEqual(["ready"]);
    expect(only().id).not.toBe(id);
    expect(drained).toEqual([id]);
  });

  it("starts a bounded number at once, in turn for each workload, and a hanging one does not hold up the others", async () => {
    open(2);
    await manager.start();
    manager.setWorkloads([workload("default/many"), workload("default/few")]);
    const gates = new Map<string, () => void>();
    driver.startGate = (spec) => new Promise((resolve) => gates.set(spec.id, resolve));
    manager.scale("default/many", 5);
    manager.scale("default/few", 1);
    await clock.advance(0);
    expect(driver.calls).toHaveLength(2);
    for (const open of [...gates.values()].slice(0, 2)) open();
    await clock.advance(0);
    // Four of the five were waiting before it.
    expect(driver.calls.slice(2).some((call) => call.startsWith("start few-"))).toBe(true);
    // The other two never answer.
    await clock.advance(2000);
    expect(driver.calls.length).toBeGreaterThan(4);
    driver.startGate = () => Promise.resolve();
    for (const open of gates.values()) open();
    await clock.advance(10_000);
    expect(manager.all().filter(({ phase }) => phase === "ready")).toHaveLength(6);
  });

  it("does not let a slow pull take a place", async () => {
    open(1);
    await manager.start();
    manager.setWorkloads([workload("default/pull"), workload("default/app")]);
    driver.prepareGate = (spec) => (spec.workload === "default/pull" ? new Promise(() => {}) : Promise.resolve());
    manager.scale("default/pull", 1);
    manager.scale("default/app", 1);
    await clock.advance(10);
    expect(phases()).toEqual(["ready"]);
  });

  it("stops what was still being started when it is no longer wanted", async () => {
    const gate = Promise.withResolvers<void>();
    driver.startGate = () => gate.promise;
    await run(1);
    manager.scale("default/app", 0);
    await clock.advance(10);
    expect(phases()).toEqual(["draining"]);
    gate.resolve();
    await clock.advance(10);
    expect(driver.running.size).toBe(0);
    expect(phases()).toEqual([]);
  });

  it("restarts one that ended before its start was told", async () => {
    const gate = Promise.withResolvers<void>();
    driver.startGate = () => gate.promise;
    await run(1);
    driver.crash(only().id);
    gate.resolve();
    await clock.advance(0);
    expect(only()).toMatchObject({ phase: "backoff", restarts: 1 });
    await clock.advance(300);
    expect(phases()).toEqual(["ready"]);
  });

  it("stops everything when told to, and otherwise lets go", async () => {
    await run(2);
    await manager.stop({ stopInstances: true });
    expect(driver.running.size).toBe(0);
    expect(drained).toHaveLength(2);
    open();
    await run(2);
    await manager.stop({ stopInstances: false });
    expect(driver.running.size).toBe(2);
    expect(clock.pending).toBe(0);
  });
});
