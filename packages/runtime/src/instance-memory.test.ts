import { expect, test } from "vitest";
import { instanceMemory } from "./instance-memory.ts";

const GIB = 1024 ** 3;

test.each([
  ["half of the smallest machines", GIB / 2, GIB / 4],
  ["all but 512 MiB of small ones", 4 * GIB, 3.5 * GIB],
  ["nineteen in twenty of large ones", 100 * GIB, 95 * GIB],
])("instances may use %s", (_what, total, expected) => {
  expect(instanceMemory(total)).toBe(expected);
});
