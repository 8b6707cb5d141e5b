import type { Container, ContainerStatus, Pod } from "@ebb/kube";
import type { InstanceStatus } from "@ebb/runtime";
import { describe, expect, test } from "vitest";
import { instance, NOW, revision } from "../testing.ts";
import { makePod, podStatus } from "./resources.ts";

const address = { host: "127.0.0.1", port: 4000 };
const status = (more: Parameters<typeof instance>[0], before?: Pod["status"], now = NOW) =>
  podStatus(revision(), instance(more), { before, now, hostIP: "10.0.0.9" });
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
      { phase: "ended", end: { id: "i1", exitCode: 0, reason: "Completed", finishedAt: NOW } },
      "Succeeded",
      "False",
      { terminated: { exitCode: 0, reason: "Completed", finishedAt: "2026-01-01T00:00:00Z" } },
    ],
    [
      "ended by a signal",
      { phase: "ended", end: { id: "i1", signal: "SIGTERM", reason: "Error", finishedAt: NOW } },
      "Succeeded",
      "False",
      { terminated: { exitCode: 143, reason: "Error", finishedAt: "2026-01-01T00:00:00Z" } },
    ],
    [
      "ended while nobody looked",
      { phase: "ended", end: { id: "i1", reason: "Unknown", finishedAt: NOW } },
      "Succeeded",
      "False",
      {
        terminated: {
          exitCode: 137,
          reason: "ContainerStatusUnknown",
          message: "The container could not be located when the pod was terminated",
          finishedAt: "2026-01-01T00:00:00Z",
        },
      },
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

  test("a queue-proxy that the Revision speaks of stands beside its containers and goes with them; without a word of it, or a log of requests, there is none", () => {
    const spoken = revision(1, undefined, { annotations: { "queue.sidecar.serving.knative.dev/cpu-resource-request": "30m" } });
    const names = (of: typeof spoken) => makePod(of, { id: "i1" }).spec.containers.map(({ name }) => name);
    expect(names(spoken).at(-1)).toBe("queue-proxy");
    expect(names(revision())).not.toContain("queue-proxy");
    expect(makePod(revision(), { id: "i1" }, true).spec.containers.at(-1)).toMatchObject({ name: "queue-proxy" });
    const sidecar = makePod(spoken, { id: "i1" }).spec.containers.at(-1);
    const stateOf = (phase: InstanceStatus["phase"]) =>
      podStatus(spoken, instance({ phase, address }), { before: undefined, now: NOW, sidecar }).containerStatuses?.at(-1);
    expect(stateOf("ready")).toMatchObject({ name: "queue-proxy", ready: true, state: { running: {} } });
    expect(stateOf("unready")).toMatchObject({ ready: false, state: { running: {} } });
    expect(stateOf("ended")).toMatchObject({ ready: false, started: false, state: { terminated: { exitCode: 0 } } });
  });

  test("the serving container has the port that requests come to, as upstream names it; one beside it has none", () => {
    const portsOf = (containers: Container[]) =>
      makePod(revision(1, undefined, { spec: { containers } }), { id: "i1" }).spec.containers.map(({ ports }) => ports);
    const port = (containerPort: number) => [{ name: "user-port", containerPort, protocol: "TCP" }];
    expect(portsOf([{ image: "app" }])).toEqual([port(8080)]);
    expect(portsOf([{ image: "app", ports: [{ name: "h2c", containerPort: 0 }] }])).toEqual([port(8080)]);
    expect(
      portsOf([
        { name: "log", image: "fluent" },
        { name: "app", image: "app", ports: [{ containerPort: 9000 }] },
      ]),
    ).toEqual([undefined, port(9000)]);
  });

  test("each container has a state of its own; the Pod is initialized once those that run first have succeeded", () => {
    const spec = {
      initContainers: [{ name: "first", image: "setup" }],
      containers: [
        { name: "log", image: "fluent" },
        { name: "app", image: "app", ports: [{ containerPort: 1 }] },
      ],
    };
    const exit = { id: "i1.first", exitCode: 0, reason: "Completed" as const, finishedAt: NOW };
    const parts = (done: boolean): NonNullable<InstanceStatus["parts"]> => [
      {
        name: "first",
        role: "init",
        phase: done ? "ended" : "running",
        ready: done,
        restarts: 1,
        startedAt: NOW,
        ...(done ? { lastExit: exit } : {}),
      },
      { name: "log", role: "sidecar", phase: "waiting", ready: false, restarts: 3, reason: "CrashLoopBackOff", message: "exit 1" },
    ];
    const made = (done: boolean) =>
      podStatus(revision(1, undefined, { spec }), instance({ phase: done ? "unready" : "starting", mainReady: done, parts: parts(done) }), {
        before: undefined,
        now: NOW,
      });
    const initialized = (of: Pod["status"]) => of?.conditions?.find(({ type }) => type === "Initialized")?.status;
    expect([made(false).phase, initialized(made(false)), made(false).initContainerStatuses?.[0]?.state]).toMatchObject([
      "Pending",
      "False",
      { running: {} },
    ]);
    const later = made(true);
    expect([later.phase, initialized(later), later.initContainerStatuses?.[0]?.state.terminated?.exitCode]).toEqual(["Running", "True", 0]);
    expect(later.containerStatuses).toMatchObject([
      { name: "log", ready: false, restartCount: 3, state: { waiting: { reason: "CrashLoopBackOff", message: "exit 1" } } },
      { name: "app", ready: true, state: { running: {} } },
    ]);
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
