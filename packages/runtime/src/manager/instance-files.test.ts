import { silentLogger, systemRandom, UserError } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { InstanceManager, InstanceStatus, Workload } from "../port.ts";
import { FakeDriver } from "./fake-driver.fixture.ts";
import { createInstanceManager } from "./instance-manager.ts";
import type { Provide } from "./provisioner.ts";
import { workload } from "./workload.fixture.ts";

let clock: VirtualClock;
let driver: FakeDriver;
let manager: InstanceManager;
let provide: Provide;

beforeEach(() => {
  clock = new VirtualClock();
  driver = new FakeDriver(clock);
  manager = createInstanceManager({
    drivers: { process: driver },
    clock,
    random: systemRandom,
    log: silentLogger,
    drain: () => Promise.resolve(0),
    provide: (spec, state) => provide(spec, state),
  });
});
afterEach(async () => {
  await manager.stop({ stopInstances: false });
  expect(clock.pending).toBe(0);
});

async function run(count: number, changes: Partial<Workload["template"]>): Promise<void> {
  await manager.start();
  manager.setWorkloads([workload("default/app", changes)]);
  manager.scale("default/app", count);
  await clock.advance(10);
}
const statuses = () => manager.instances("default/app").filter(({ phase }) => phase !== "ended");
const phases = () => statuses().map(({ phase }) => phase);
function only(): InstanceStatus {
  const [status] = statuses();
  if (!status) throw new Error("no instance");
  return status;
}

describe("an instance with an identity", () => {
  const identity = { namespace: "default", account: "robot" };
  beforeEach(() => {
    let issued = 0;
    provide = ({ identity: asked }) =>
      Promise.resolve({ files: { identity: { token: `${asked?.account}-${++issued}` } }, renewAfter: 1000 });
  });

  it("starts with credentials, which are renewed while it runs and no longer", async () => {
    await run(1, { identity });
    const { id } = only();
    expect(driver.calls).toEqual([`start ${id} with robot-1`]);
    await clock.advance(2500);
    expect(driver.calls.slice(1)).toEqual([`renew ${id} robot-2`, `renew ${id} robot-3`]);
    manager.scale("default/app", 0);
    await clock.advance(5000);
    expect(driver.calls.filter((call) => call.startsWith("renew"))).toHaveLength(2);
  });

  it("is not started while there are none, and says why; but without any when its account gives none away", async () => {
    provide = () => Promise.reject(new UserError("ServiceAccountNotFound", 'serviceaccount "robot" not found'));
    await run(1, { identity });
    expect(only()).toMatchObject({ phase: "backoff", message: expect.stringContaining('serviceaccount "robot" not found') });
    provide = () => Promise.resolve(undefined);
    await clock.advance(5000);
    expect(driver.calls).toEqual([`start ${only().id}`]);
  });

  it("gets new ones at once when it is adopted, and again when that failed", async () => {
    const known = provide;
    const spec = { ...workload("default/app", { identity }).template, id: "app-1" };
    driver.running.set("app-1", { spec, address: { host: "127.0.0.1", port: 2 }, startedAt: 5 });
    provide = () => Promise.reject(new Error("not yet"));
    const started = manager.start();
    await clock.advance(0);
    await started;
    manager.setWorkloads([workload("default/app", { identity })]);
    provide = known;
    await clock.advance(5000);
    expect(driver.calls).toEqual(["renew app-1 robot-1"]);
  });
});

describe("an instance with files", () => {
  const volumes = [{ name: "config", kind: "files" as const }];
  const content = (text: string) => Promise.resolve({ files: { identity: { token: text } } });

  it("gets them again when they change, and those that changed while it was being started", async () => {
    provide = () => content("first");
    const gate = Promise.withResolvers<void>();
    driver.startGate = () => gate.promise;
    await run(1, { volumes });
    provide = () => content("second");
    manager.renewFiles("default/app");
    gate.resolve();
    await clock.advance(10);
    const { id } = only();
    expect(driver.calls).toEqual([`start ${id} with first`, `renew ${id} second`]);
    provide = (_, state) => content(state);
    manager.renewFiles("default/app");
    await clock.advance(10);
    expect(driver.calls.slice(2)).toEqual([`renew ${id} running`]);
  });

  it("that are missing waits with the reason, and starts at once when they come", async () => {
    provide = () => Promise.reject(new UserError("FailedMount", 'configmap "config" not found'));
    await run(1, { volumes });
    await clock.advance(120_000);
    expect(only()).toMatchObject({ phase: "backoff", reason: "FailedMount", message: 'configmap "config" not found' });
    provide = () => content("there");
    manager.renewFiles("default/app");
    await clock.advance(10);
    expect(phases()).toEqual(["ready"]);
    expect(driver.calls).toEqual([`start ${only().id} with there`]);
  });

  it("is not tried sooner for files when something else keeps it from starting", async () => {
    provide = () => content("there");
    driver.failStart = () => new UserError("ErrImagePull", "no such image");
    await run(1, { volumes });
    const { length } = driver.calls;
    manager.renewFiles("default/app");
    await clock.advance(1);
    expect(driver.calls).toHaveLength(length);
  });
});
