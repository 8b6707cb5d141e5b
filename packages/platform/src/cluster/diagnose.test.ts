import { atWork, listensElsewhere, listensNowhere } from "@ebb/base";
import type { ContainerStatus, Pod, Revision } from "@ebb/kube";
import { expect, test } from "vitest";
import { diagnose } from "./diagnose.ts";

const revision = (reason: string, message: string) =>
  ({ metadata: { name: "shop-00001" }, status: { conditions: [{ type: "Ready", status: "False", reason, message }] } }) as Revision;
const pod = (status: Partial<ContainerStatus>) =>
  ({ metadata: { name: "p" }, status: { containerStatuses: [{ name: "user-container", restartCount: 0, ...status }] } }) as Pod;
const ended = (exitCode: number) => ({
  state: { terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error", finishedAt: "2026-01-01T00:00:00Z" } },
});

const condition = (reason: string, message: string) =>
  ({ metadata: { name: "p" }, status: { conditions: [{ type: "Ready", status: "False", reason, message }] } }) as Pod;

const ELSEWHERE = listensElsewhere("3000", "$PORT (8080)", "use $PORT");
const NEVER = `Initial scale was never achieved: TCP probe failed; it ${ELSEWHERE}`;

test("a program on another port, which the cluster has ended when its time was over", () => {
  expect(diagnose("v1", revision("ProgressDeadlineExceeded", NEVER), [pod(ended(0))])).toMatchObject({
    code: "start_timeout",
    message: "v1 did not become ready: it does not listen where requests come to",
    hint: expect.stringContaining("PORT"),
    chain: [
      { words: expect.stringContaining("it listens on 3000"), said: { code: "cause.revision-late" } },
      { words: "Completed, exit code 0", said: { code: "cause.exited" } },
    ],
  });
});

test("a program that crashed again and again until its time was over", () => {
  const crashed = pod({ ...ended(3), restartCount: 4 });
  expect(diagnose("v1", revision("ProgressDeadlineExceeded", "Initial scale was never achieved"), [crashed])).toMatchObject({
    code: "crash_at_start",
    message: "v1 ended while starting (exit code 3)",
    said: { code: "trouble.exited", with: { version: "v1", exit: 3 } },
  });
});

test("a version that is refused by what runs it is sent to the cause, not to its port", () => {
  const refused = revision("NoContainerNetwork", "the container engine could not give shop:1 a network");
  expect(diagnose("v1", refused, [])).toMatchObject({
    code: "cannot_start",
    message: "v1 cannot be started",
    hint: expect.stringContaining("cause"),
    patience: expect.any(Number),
  });
});

test.each([
  ["rests on another port", `it ${ELSEWHERE}`, 10_000, "it does not listen where requests come to"],
  ["is still at work there", `it ${atWork(ELSEWHERE)}`, undefined, "is not ready yet"],
  ["does not listen yet", `it ${listensNowhere(8080, "use $PORT")}`, undefined, "is not ready yet"],
])("a program that %s", (_, words, patience, message) => {
  const starting = {
    metadata: { name: "shop-00001" },
    status: { conditions: [{ type: "Ready", status: "Unknown", reason: "Deploying" }] },
  } as Revision;
  const found = diagnose("v1", starting, [condition("ContainersNotReady", `TCP probe failed; ${words}`)]);
  expect(found).toMatchObject({ code: "start_failed", patience, message: expect.stringContaining(message) });
});

const waiting = (reason: string, message?: string) =>
  pod({ state: { waiting: { reason, ...(message === undefined ? {} : { message }) } } });

test.each([
  [
    "a program that is started again and again",
    waiting("CrashLoopBackOff", "back-off 10s"),
    "CrashLoopBackOff: back-off 10s",
    "crash-loop",
  ],
  ["an image that cannot be pulled", waiting("ErrImagePull", "not found"), "ErrImagePull: not found", "image"],
  ["a secret that is missing", waiting("CreateContainerConfigError", 'secret "a" not found'), /secret "a"/, "config"],
  ["a container that cannot be made", waiting("RunContainerError"), "RunContainerError", "container"],
  ["too little memory", pod({ state: { terminated: { exitCode: 137, reason: "OOMKilled", finishedAt: "" } } }), /exit code 137/, "memory"],
  ["no node for it", condition("Unschedulable", "0/3 nodes are available"), "0/3 nodes are available", "no-node"],
  ["what has no words of ours", condition("Strange", "it rains"), "it rains", null],
])("%s has the cluster's own words, and a code by its reason", (_, one, words, code) => {
  const [cause] = diagnose("v1", undefined, [one])?.chain ?? [];
  expect(cause?.words).toMatch(words);
  expect(cause?.said?.code ?? null).toBe(code === null ? null : `cause.${code}`);
});

test.each([
  ["ExitCode3", "revision-exited"],
  ["ProgressDeadlineExceeded", "revision-late"],
  ["ContainerMissing", "revision-image"],
  ["ResourcesUnavailable", "revision"],
])("a Revision that is not ready by %s is said as %s", (reason, code) => {
  expect(diagnose("v1", revision(reason, "why"), [])?.chain).toEqual([
    { words: "Revision shop-00001: why", said: { code: `cause.${code}`, with: { name: "shop-00001", message: "why" } } },
  ]);
});
