import { expect, test } from "vitest";
import { unschedulable } from "./schedulable.ts";

const NODE = { cores: 2, memoryBytes: 2 ** 30 };
const LIMITS = (limits: Record<string, string>) => ({ limits });
const REQUESTS = (requests: Record<string, string>, limits = {}) => ({ requests, limits });

test.each<[string, object[], string | undefined]>([
  ["what fits exactly", [REQUESTS({ cpu: "2", memory: "1Gi" })], undefined],
  ["nothing asked for", [{}], undefined],
  ["a request beyond the cores", [REQUESTS({ cpu: "2001m" })], "0/1 nodes are available: 1 Insufficient cpu."],
  ["a limit is a request where there is none", [LIMITS({ memory: "2Gi" })], "0/1 nodes are available: 1 Insufficient memory."],
  ["a limit beside a request is none", [REQUESTS({ cpu: "1" }, { cpu: "100" })], undefined],
  [
    "both, summed over the containers",
    [REQUESTS({ cpu: "2" }), REQUESTS({ cpu: "1", memory: "9Gi" })],
    "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.",
  ],
])("%s", (_, resources, message) => {
  const containers = resources.map((each) => ({ image: "app", resources: each }));
  expect(unschedulable({ containers }, NODE)).toEqual(message === undefined ? undefined : { reason: "Unschedulable", message });
});
