import { totalmem } from "node:os";
import { expect, onTestFinished, test, vi } from "vitest";
import { frozenMemory, instanceMemory, machineMemory } from "./instance-memory.ts";

const GIB = 1024 ** 3;

test.each([
  ["half of the smallest machines", GIB / 2, GIB / 4],
  ["all but 512 MiB of small ones", 4 * GIB, 3.5 * GIB],
  ["nineteen in twenty of large ones", 100 * GIB, 95 * GIB],
])("instances may use %s", (_what, total, expected) => {
  expect(instanceMemory(total)).toBe(expected);
});

test.each([
  ["the container that Ebb runs in has", 2 * GIB, Math.min(2 * GIB, totalmem())],
  ["the machine has, where nothing limits it", 0, totalmem()],
  ["the machine has, where the limit is none", 2 ** 63, totalmem()],
])("is reckoned from what %s", (_what, limit, expected) => {
  const spy = vi.spyOn(process, "constrainedMemory").mockReturnValue(limit);
  onTestFinished(() => spy.mockRestore());
  expect(machineMemory()).toBe(expected);
  expect(frozenMemory()).toBe(Math.floor(expected / 4));
});
