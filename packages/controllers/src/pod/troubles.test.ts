import type { InstanceStatus } from "@ebb/runtime";
import { expect, test } from "vitest";
import { instance, NOW, revision } from "../testing.ts";
import { makePod, podStatus } from "./resources.ts";
import { troublesOf } from "./troubles.ts";

type Change = Partial<InstanceStatus>;
const address = { host: "127.0.0.1", port: 4000 };
const crashing: Change = { phase: "backoff", reason: "CrashLoopBackOff", message: "it exited with code 3", restarts: 1 };
const ready: Change = { phase: "ready", address };

function warned(before: Change | undefined, after: Change): string[] {
  const status = (more: Change) => podStatus(revision(), instance(more), { before: undefined, now: NOW });
  const pod = makePod(revision(), instance(after));
  return troublesOf(pod, before && status(before), status(after)).map(({ reason, message }) => `${reason} ${message}`);
}

const backOff = `BackOff Back-off restarting failed container user-container in pod ${instance({}).id}_`;

test.each<[string, Change | undefined, Change, string[]]>([
  ["one that comes", undefined, { phase: "starting" }, []],
  ["one that crashed", ready, crashing, [backOff]],
  ["its last lines, which are found a moment later", crashing, { ...crashing, message: "it exited with code 3\nIts last lines:\n  x" }, []],
  ["one that crashed again", crashing, { ...crashing, restarts: 2 }, [backOff]],
  [
    "an image that is not there",
    { phase: "starting" },
    { phase: "backoff", reason: "ErrImagePull", message: "not found" },
    ["Failed Error: ErrImagePull: not found"],
  ],
  [
    "a probe that fails",
    ready,
    { phase: "unready", address, reason: "ProbeFailed", message: "status 500" },
    ["Unhealthy Readiness probe failed: status 500"],
  ],
  ["one that is stopped", ready, { phase: "draining", address }, []],
])("%s", (_, before, after, expected) => {
  const found = warned(before, after);
  expect(found).toHaveLength(expected.length);
  for (const [at, words] of expected.entries()) expect(found[at]).toContain(words);
});

test("no word of the program itself is in an Event", () => {
  const [words] = warned(ready, { ...crashing, message: "it exited with code 3\nIts last lines:\n  password=x" });
  expect(words).toMatch(/: it exited with code 3$/);
});
