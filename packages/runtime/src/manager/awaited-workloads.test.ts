import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { silentLogger, systemRandom } from "@ebb/base";
import { eventually, VirtualClock } from "@ebb/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { InstanceManager } from "../port.ts";
import { FakeDriver } from "./fake-driver.fixture.ts";
import { createInstanceManager } from "./instance-manager.ts";
import { PROBE, workload } from "./workload.fixture.ts";

const KEY = "default/app";
const { exec: _, ...accepts } = { ...PROBE, tcp: {} };

let clock: VirtualClock;
let manager: InstanceManager;
let program: Server;
let asked: string[];

beforeEach(async () => {
  clock = new VirtualClock();
  asked = [];
  const driver = new FakeDriver(clock);
  program = createServer((socket) => socket.on("error", () => undefined).destroy()).listen(0, "127.0.0.1");
  await once(program, "listening");
  driver.startAddress = { host: "127.0.0.1", port: (program.address() as AddressInfo).port };
  manager = createInstanceManager({
    drivers: { process: driver },
    clock,
    random: systemRandom,
    log: silentLogger,
    drain: () => Promise.resolve(0),
    probed: (id) => asked.push(id),
  });
  await manager.start();
  manager.setWorkloads([workload(KEY, { readiness: accepts })]);
});
afterEach(async () => {
  await manager.stop({ stopInstances: false });
  program.close();
  expect(clock.pending).toBe(0);
});

const phases = () => manager.instances(KEY).map(({ phase }) => phase);
const settled = (expected: string[]) => eventually(() => expect(phases()).toEqual(expected));

test("a first instance that requests wait for is left to those who try it, and is known to serve in the end", async () => {
  manager.awaited(KEY);
  manager.scale(KEY, 1);
  await clock.advance(240);
  expect(asked).toEqual([]);
  expect(manager.inRush()).toBe(true);
  await clock.advance(20);
  await settled(["ready"]);
  expect(manager.inRush()).toBe(false);
});

test("one that nobody waits for is asked at once", async () => {
  manager.scale(KEY, 1);
  await clock.advance(1);
  expect(manager.inRush()).toBe(false);
  await settled(["ready"]);
});

test("what starts beside another is asked at once: it is tried by nobody else", async () => {
  manager.awaited(KEY);
  manager.scale(KEY, 2);
  await clock.advance(1);
  await settled(["ready", "ready"]);
});

test("one that requests have waited for, and do no longer, is asked as any other", async () => {
  manager.awaited(KEY);
  await clock.advance(2000);
  manager.scale(KEY, 1);
  await clock.advance(1);
  await settled(["ready"]);
});
