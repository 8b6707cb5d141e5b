import { silentLogger, systemRandom } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Address, InstanceFiles, InstanceManager, InstanceSpec, RunningInstance, StartOptions } from "../port.ts";
import { FakeDriver } from "./fake-driver.fixture.ts";
import { createInstanceManager } from "./instance-manager.ts";
import { PROBE, workload } from "./workload.fixture.ts";

const KEY = "default/app";
const made = (env: Record<string, string> = {}) => workload(KEY, { env });

class FarsightedDriver extends FakeDriver {
  failForesee: Error | undefined;
  place: Address | undefined;

  async foresee(spec: InstanceSpec): Promise<void> {
    this.calls.push(`foresee ${spec.id}`);
    if (this.failForesee) throw this.failForesee;
  }
  override start(spec: InstanceSpec, files?: InstanceFiles, options?: StartOptions): Promise<RunningInstance> {
    if (this.place) options?.placed?.(this.place);
    return super.start(spec, files);
  }
}

let clock: VirtualClock;
let driver: FarsightedDriver;
let manager: InstanceManager;

beforeEach(async () => {
  clock = new VirtualClock();
  driver = new FarsightedDriver(clock);
  manager = createInstanceManager({
    drivers: { process: driver },
    clock,
    random: systemRandom,
    log: silentLogger,
    drain: () => Promise.resolve(0),
  });
  await manager.start();
  manager.setWorkloads([made()]);
});
afterEach(async () => {
  await manager.stop({ stopInstances: false });
  expect(clock.pending).toBe(0);
});

async function scaleTo(count: number): Promise<void> {
  manager.scale(KEY, count);
  await clock.advance(2000);
}
const foreseen = () => driver.calls.filter((call) => call.startsWith("foresee ")).map((call) => call.slice("foresee ".length));
const started = () => driver.calls.filter((call) => call.startsWith("start ")).map((call) => call.slice("start ".length));
const ids = () => manager.instances(KEY).map(({ id }) => id);

describe("the next instance", () => {
  test("is foreseen once something has happened, is no instance, and is the one that is started next", async () => {
    await clock.advance(2000);
    expect(foreseen()).toEqual([]);
    await scaleTo(1);
    const [next = ""] = foreseen();
    expect(foreseen()).toHaveLength(1);
    expect(ids()).not.toContain(next);
    await scaleTo(2);
    expect(started()[1]).toBe(next);
    expect(foreseen()).toHaveLength(2);
  });

  test("is another when it is to be made of something else, and the former goes", async () => {
    await scaleTo(1);
    const [former = ""] = foreseen();
    manager.putWorkload(made({ NEW: "1" }));
    await scaleTo(2);
    expect(driver.calls).toContain(`forget ${former}`);
    expect(started()).not.toContain(former);
  });

  test("goes with its workload, and with the manager", async () => {
    await scaleTo(1);
    manager.removeWorkload(KEY);
    await clock.advance(2000);
    expect(driver.calls).toContain(`forget ${foreseen()[0]}`);
    manager.putWorkload(made());
    await scaleTo(1);
    await manager.stop({ stopInstances: false });
    expect(driver.calls).toContain(`forget ${foreseen().at(-1)}`);
    expect(foreseen().length).toBeGreaterThan(1);
  });

  test("starts as any other when nothing could be made of it ahead", async () => {
    driver.failForesee = new Error("no room");
    await scaleTo(1);
    await scaleTo(2);
    expect(started()).toHaveLength(2);
    expect(started()).not.toContain(foreseen()[0]);
  });

  test("is not foreseen where all but its program is prepared", async () => {
    manager.setIdle(KEY, "prepared");
    await scaleTo(1);
    expect(foreseen()).toEqual([]);
  });
});

test("where it will be reached is told as soon as its driver knows, until that is wrong", async () => {
  const blocked = Promise.withResolvers<void>();
  driver.startGate = () => blocked.promise;
  driver.place = { host: "10.0.0.7", port: 80 };
  const { exec: _, ...readiness } = { ...PROBE, tcp: {} };
  manager.putWorkload(workload(KEY, { readiness }));
  manager.scale(KEY, 1);
  await clock.advance(1);
  expect(manager.instances(KEY)[0]?.trial).toEqual(driver.place);
  blocked.reject(new Error("it broke"));
  await clock.advance(1);
  expect(manager.instances(KEY)[0]?.trial).toBeUndefined();
});
