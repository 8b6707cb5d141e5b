import { silentLogger, systemRandom } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import { FakeDriver } from "./fake-driver.fixture.ts";
import { createInstanceManager } from "./instance-manager.ts";
import { workload } from "./workload.fixture.ts";

/** Keeps something on disk for each workload. */
class KeepingDriver extends FakeDriver {
  kept: string[] = [];

  retain(workloads: { has(workload: string): boolean }): void {
    this.kept = this.kept.filter((key) => workloads.has(key));
  }
}

test("what is kept on disk goes with its workload, also with one that went while nobody looked, and not before all are declared", async () => {
  const clock = new VirtualClock();
  const driver = new KeepingDriver(clock);
  driver.kept = ["default/a", "default/b", "default/gone"];
  const manager = createInstanceManager({
    drivers: { process: driver },
    clock,
    random: systemRandom,
    log: silentLogger,
    drain: () => Promise.resolve(0),
  });
  await manager.start();
  expect(driver.kept).toHaveLength(3);
  manager.setWorkloads([workload("default/a"), workload("default/b")]);
  expect(driver.kept).toEqual(["default/a", "default/b"]);
  manager.scale("default/b", 1);
  await clock.advance(2000);
  manager.removeWorkload("default/b");
  expect(driver.kept).toContain("default/b");
  await clock.advance(2000);
  expect(driver.kept).toEqual(["default/a"]);
  await manager.stop({ stopInstances: false });
});
