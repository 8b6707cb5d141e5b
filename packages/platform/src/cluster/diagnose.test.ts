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

const ELSEWHERE = "Initial scale was never achieved: TCP probe failed; it listens on 3000, but requests come to $PORT (8080): use $PORT";

test("a program on another port, which the cluster has ended when its time was over", () => {
  expect(diagnose("v1", revision("ProgressDeadlineExceeded", ELSEWHERE), [pod(ended(0))])).toMatchObject({
    code: "start_timeout",
    message: "v1 did not become ready: it does not listen where requests come to",
    hint: expect.stringContaining("PORT"),
    chain: [expect.stringContaining("it listens on 3000"), "Completed, exit code 0"],
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
