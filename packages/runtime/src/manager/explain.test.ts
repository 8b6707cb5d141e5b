import { expect, test } from "vitest";
import type { InstanceExit, InstanceSpec } from "../port.ts";
import { explainExit } from "./explain.ts";

const killed = { reason: "OOMKilled", signal: "SIGKILL" } as InstanceExit;
const specOf = (memoryBytes?: number) => ({ resources: memoryBytes === undefined ? {} : { memoryBytes } }) as InstanceSpec;

test("an end for want of memory: of its own limit, or of what all have together", () => {
  expect(explainExit(killed, specOf(64 << 20), [])).toContain("more memory than its limit of 64 MiB");
  expect(explainExit(killed, specOf(), [])).toContain("has no limit of memory, used all that the machine has for applications");
});
