import type { ContainerStatus, Pod } from "@ebb/kube";
import type { InstanceStatus } from "@ebb/runtime";
import { describe, expect, test } from "vitest";
import { instance, NOW, revision } from "../testing.ts";
import { makePod, podStatus } from "./resources.ts";

const address = { host: "127.0.0.1", port: 4000 };
const status = (more: Parameters<typeof instance>[0], before?: Pod["status"], now = NOW) =>
  podStatus(revision(), instance(more), before, now);
const ready = (of: Pod["status"]) => of?.conditions?.find(({ type }) => type === "Ready");

describe("podStatus", () => {
  test.each<[string, Partial<InstanceStatus>, string, string, ContainerStatus["state"]]>([
    ["being started", { phase: "starting" }, "Pending", "False", { waiting: { reason: "ContainerCreating" } }],
    ["started, not ready", { phase: "starting", address }, "Running", "False", { running: { startedAt: "2026-01-01T00:00:00Z" } }],
    ["ready", { phase: "ready", address }, "Running", "True", { running: { startedAt: "2026-01-01T00:00:00Z" } }],
    ["no longer ready", { phase: "unready", address }, "Running", "False", { running: { startedAt: "2026-01-01T00:00:00Z" } }],
    [
      "crashing",
      { phase: "backoff", reason: "CrashLoopBackOff", message: "exit 3", restarts: 2 },
      "Pending",
      "False",
      { waiting: { reason: "CrashLoopBackOff", message: "exit 3" } },
    ],
    [
      "stopped",
      { phase: "ended" },
      "Succeeded",
      "False",
      { terminated: { exitCode: 0, reason: "Completed", finishedAt: "2026-01-01T00:00:00Z" } },
    ],
  ])("%s", (_, ...[more, phase, isReady, state]) => {
    const made = status(more);
    expect(made.phase).toBe(phase);
    expect(ready(made)?.status).toBe(isReady);
    expect(made.containerStatuses?.[0]?.state).toEqual(state);
  });

  test("restarts and the last end are told", () => {
    const lastExit = { id: "i1", exitCode: 137, reason: "OOMKilled" as const, finishedAt: NOW };
    expect(status({ restarts: 2, lastExit, phase: "backoff" }).containerStatuses?.[0]).toMatchObject({
      restartCount: 2,
      lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
    });
  });

  test("what did not change keeps its time, or each look would be a write", () => {
    const first = status({ phase: "ready", address });
    expect(status({ phase: "ready", address }, first, NOW + 60_000)).toEqual(first);
    const ended = status({ phase: "ended" }, first, NOW + 60_000);
    expect(status({ phase: "ended" }, ended, NOW + 90_000)).toEqual(ended);
    expect(ready(ended)?.lastTransitionTime).toBe("2026-01-01T00:01:00Z");
  });
});

test("a Pod refers to Secrets and never repeats their values", () => {
  const env = [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "token" } } }];
  const annotations = { "autoscaling.knative.dev/min-scale": "1", mine: "1" };
  const pod = makePod(revision(1, undefined, { annotations, spec: { containers: [{ image: "app", env }] } }), { id: "i1" });
  expect(pod.spec.containers[0]?.env).toEqual(env);
  expect(pod.metadata).toMatchObject({
    name: "i1",
    annotations: { mine: "1" },
    ownerReferences: [{ kind: "Revision", name: "shop-00001" }],
  });
  expect(pod.metadata.annotations).not.toHaveProperty("autoscaling.knative.dev/min-scale");
});
