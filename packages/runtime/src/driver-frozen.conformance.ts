import { writeFile } from "node:fs/promises";
import { sleep, systemClock } from "@ebb/base";
import { eventually } from "@ebb/testkit";
import { expect } from "vitest";
import type { Driver, InstanceSpec } from "./port.ts";

interface Suite {
  check(title: string, run: () => Promise<void>): void;
  shell(script: string): InstanceSpec;
  driver(): Driver;
  /** As after a restart of Ebb; the one before must have been closed. */
  reopen(): Promise<void>;
}

/** The part of the drivers' suite on instances that are kept off the CPU. */
export function describeFrozen({ check, shell, driver, reopen }: Suite): void {
  check(
    "keeps a frozen instance off the CPU over a restart of Ebb, thaws it at once, and lets others thaw it, and stops one that is frozen",
    async () => {
      const instance = shell("while :; do :; done");
      await driver().start(instance);
      await eventually(() => (driver().usage(instance.id)?.cpuMs ?? 0) >= 50);
      await driver().freeze(instance.id);
      await eventually(async () => (await driver().list()).some(({ frozen }) => frozen === true));
      const used = driver().usage(instance.id)?.cpuMs;
      await sleep(systemClock, 200);
      expect(driver().usage(instance.id)?.cpuMs).toBe(used);
      await driver().close();
      await reopen();
      expect(await driver().list()).toMatchObject([{ spec: { id: instance.id }, frozen: true }]);
      await driver().thaw(instance.id);
      await eventually(() => (driver().usage(instance.id)?.cpuMs ?? 0) > (used ?? 0));
      await driver().freeze(instance.id);
      const thawed = driver().usage(instance.id)?.cpuMs ?? 0;
      const file = driver().thawFile?.(instance.id) ?? "";
      await writeFile(file, file.endsWith("freezer.state") ? "THAWED" : "0");
      await eventually(() => (driver().usage(instance.id)?.cpuMs ?? 0) > thawed);
      await driver().freeze(instance.id);
      await driver().stop(instance.id, 0);
      expect(await driver().list()).toEqual([]);
    },
  );
}
