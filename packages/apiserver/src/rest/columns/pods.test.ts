import { Pods, type ContainerStatus, type KubeObject, type Pod } from "@ebb/kube";
import { expect, test } from "vitest";
import { columnsOf } from "../printer-columns.ts";

const NOW = Date.UTC(2026, 5, 1);
const running = { state: { running: { startedAt: "" } }, ready: true };
const ended = (reason: string, exitCode = 0) => ({ state: { terminated: { reason, exitCode } } });
const waiting = (reason: string) => ({ state: { waiting: { reason } } });

type Status = NonNullable<Pod["status"]>;

interface Row {
  spec?: Partial<Pod["spec"]>;
  status?: Partial<Status>;
  containers?: Partial<ContainerStatus>[];
  init?: Partial<ContainerStatus>[];
  deleted?: boolean;
}

function cellsOf({ spec, status, containers = [], init = [], deleted }: Row): Record<string, unknown> {
  const complete = (list: Partial<ContainerStatus>[], name: string) =>
    list.map((each, index) => ({ name: `${name}${index}`, ready: false, restartCount: 0, state: {}, ...each }));
  const pod = {
    metadata: { name: "p", ...(deleted ? { deletionTimestamp: "2026-05-31T00:00:00Z" } : {}) },
    spec: { containers: [{ name: "c0", image: "i" }], ...spec },
    status: { phase: "Running", ...status, containerStatuses: complete(containers, "c"), initContainerStatuses: complete(init, "i") },
  } as unknown as KubeObject;
  return Object.fromEntries(columnsOf(Pods).map((column) => [column.name, column.cell(pod, NOW)]));
}

const sidecar = { initContainers: [{ name: "i0", image: "i", restartPolicy: "Always" }] };
const again = (restartCount: number, finishedAt: string) => ({
  restartCount,
  lastState: { terminated: { exitCode: 1, reason: "Error", finishedAt } },
});

test.each<[string, Row, Record<string, string>]>([
  ["one that runs", { containers: [running] }, { Ready: "1/1", Status: "Running", Restarts: "0" }],
  ["one that waits for its image", { containers: [waiting("ImagePullBackOff")] }, { Ready: "0/1", Status: "ImagePullBackOff" }],
  ["one that ended without a reason", { containers: [ended("", 7)] }, { Status: "ExitCode:7" }],
  ["one that was killed", { containers: [{ state: { terminated: { reason: "", exitCode: 137, signal: 9 } } }] }, { Status: "Signal:9" }],
  [
    "one of which a container is done while another runs",
    { containers: [ended("Completed"), running], status: { conditions: [{ type: "Ready", status: "True" }] } },
    { Status: "Running" },
  ],
  ["the same when it is not ready", { containers: [ended("Completed"), running] }, { Status: "NotReady" }],
  ["one whose first init container runs", { init: [{ state: { running: { startedAt: "" } } }], spec: sidecar }, { Status: "Init:0/1" }],
  ["one whose init container failed", { init: [ended("Error", 1)] }, { Status: "Init:Error" }],
  ["one whose init container cannot start", { init: [waiting("CrashLoopBackOff")] }, { Status: "Init:CrashLoopBackOff" }],
  [
    "one with a sidecar",
    { init: [{ ...running, started: true }], containers: [running], spec: sidecar },
    { Ready: "2/2", Status: "Running" },
  ],
  ["one that is being deleted", { containers: [running], deleted: true }, { Status: "Terminating" }],
  [
    "one that had ended before",
    { status: { phase: "Succeeded" }, containers: [ended("Completed")], deleted: true },
    { Status: "Completed" },
  ],
  ["one that was started again", { containers: [{ ...running, ...again(3, "2026-05-31T23:55:00Z") }] }, { Restarts: "3 (5m ago)" }],
  [
    "one with gates",
    { spec: { readinessGates: [{ conditionType: "a" }, { conditionType: "b" }] }, status: { conditions: [{ type: "a", status: "True" }] } },
    { "Readiness Gates": "1/2" },
  ],
])("%s", (_, row, expected) => expect(cellsOf(row)).toMatchObject(expected));
