import type { PodAutoscaler, Revision } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { autoscaler, instance, marks, NOW, revision, summary } from "../testing.ts";
import { deadlineOf, planRevision, type RevisionObserved } from "./reconcile.ts";
import { reachabilityOf } from "./resources.ts";

const plan = (observed: Partial<RevisionObserved> = {}) =>
  planRevision({
    revision: revision(),
    autoscaler: undefined,
    problem: undefined,
    instances: [],
    now: NOW,
    since: NOW,
    deadline: 120_000,
    ...observed,
  });
const INITIALIZED = autoscaler({
  conditions: marks({ Active: "True", Ready: "True", ScaleTargetInitialized: "True" }),
  actualScale: 1,
  desiredScale: 1,
});
const asleep: PodAutoscaler = autoscaler({
  conditions: [
    ...marks({ ScaleTargetInitialized: "True" }),
    ...marks({ Active: "False" }, { reason: "NoTraffic", message: "The target is not receiving traffic." }),
  ],
});
const crashed = instance({
  phase: "backoff",
  reason: "CrashLoopBackOff",
  message: "it exited with code 3",
  restarts: 1,
  lastExit: { id: "i1", exitCode: 3, reason: "Error", finishedAt: NOW },
});
const overdue = { now: NOW + 120_000 };

describe("planRevision", () => {
  test.each<[string, Partial<RevisionObserved>, string[]]>([
    [
      "new: deploying",
      {},
      ["Active Unknown Deploying", "ContainerHealthy Unknown Deploying", "Ready Unknown Deploying", "ResourcesAvailable Unknown Deploying"],
    ],
    [
      "its image's tag is being resolved: nothing is started before",
      { resolving: true },
      [
        "Active Unknown Deploying",
        "ContainerHealthy Unknown ResolvingDigests",
        "Ready Unknown ResolvingDigests",
        "ResourcesAvailable Unknown ResolvingDigests",
      ],
    ],
    [
      "it has reached its scale: ready",
      { autoscaler: INITIALIZED, instances: [instance({ phase: "ready" })] },
      ["Active True", "ContainerHealthy True", "Ready True", "ResourcesAvailable True"],
    ],
    [
      "asleep: ready, but not active",
      { autoscaler: asleep },
      ["Active False NoTraffic", "ContainerHealthy True", "Ready True", "ResourcesAvailable True"],
    ],
    [
      "it crashed: unhealthy, with its exit code",
      { instances: [crashed] },
      ["Active Unknown Deploying", "ContainerHealthy False ExitCode3", "Ready False ExitCode3", "ResourcesAvailable Unknown Deploying"],
    ],
    [
      "its image is not there",
      { instances: [instance({ phase: "backoff", reason: "ErrImagePull", message: "no such image" })] },
      [
        "Active Unknown Deploying",
        "ContainerHealthy False ContainerMissing",
        "Ready False ContainerMissing",
        "ResourcesAvailable Unknown Deploying",
      ],
    ],
    [
      "its image is not there by its digest: what the kubelet says",
      {
        revision: revision(1, undefined, { spec: { containers: [{ image: `app@sha256:${"0".repeat(64)}` }] } }),
        instances: [instance({ phase: "backoff", reason: "ErrImagePull", message: "no such image" })],
      },
      [
        "Active Unknown Deploying",
        "ContainerHealthy Unknown Deploying",
        "Ready False ImagePullBackOff",
        "ResourcesAvailable False ImagePullBackOff",
      ],
    ],
    [
      "it cannot be started for another reason: in the runtime's word",
      { instances: [instance({ phase: "backoff", reason: "NoContainerEngine", message: "images need a container engine" })] },
      [
        "Active Unknown Deploying",
        "ContainerHealthy False NoContainerEngine",
        "Ready False NoContainerEngine",
        "ResourcesAvailable Unknown Deploying",
      ],
    ],
    [
      "a reference that leads nowhere",
      { problem: { reason: "CreateContainerConfigError", message: 'secret "keys" not found' } },
      [
        "Active Unknown Deploying",
        "ContainerHealthy Unknown",
        "Ready False CreateContainerConfigError",
        "ResourcesAvailable False CreateContainerConfigError",
      ],
    ],
    [
      "not ready in time",
      { ...overdue, instances: [instance({ message: "nothing listens on port 8080" })] },
      [
        "Active Unknown Deploying",
        "ContainerHealthy Unknown",
        "Ready False ProgressDeadlineExceeded",
        "ResourcesAvailable False ProgressDeadlineExceeded",
      ],
    ],
    [
      "not ready in time because it crashes: Ready tells of the crash",
      { ...overdue, instances: [crashed] },
      [
        "Active Unknown Deploying",
        "ContainerHealthy False ExitCode3",
        "Ready False ExitCode3",
        "ResourcesAvailable False ProgressDeadlineExceeded",
      ],
    ],
    [
      "once ready, a later crash does not take it from its Route",
      { autoscaler: INITIALIZED, instances: [crashed], ...overdue },
      ["Active True", "ContainerHealthy True", "Ready True", "ResourcesAvailable True"],
    ],
    [
      "once ready, a Secret that is gone is told by Active",
      { autoscaler: asleep, problem: { reason: "CreateContainerConfigError", message: 'secret "keys" not found' } },
      ["Active False CreateContainerConfigError", "ContainerHealthy True", "Ready True", "ResourcesAvailable True"],
    ],
  ])("%s", (_, observed, expected) => {
    const { status } = plan(observed);
    expect(summary({ status })).toEqual(expected);
  });

  test("the message says what the instance waits for", () => {
    const { status } = plan({ ...overdue, instances: [instance({ message: "nothing listens on port 8080" })] });
    expect(status.conditions?.find(({ type }) => type === "Ready")?.message).toBe(
      "Initial scale was never achieved: nothing listens on port 8080",
    );
  });

  test("a failure stays when its instances are gone", () => {
    const failed = plan({ ...overdue, instances: [crashed] });
    expect(failed.failed).toBe(true);
    const later = plan({ revision: revision(1, failed.status), now: NOW + 500_000, since: NOW + 490_000 });
    expect(later).toMatchObject({ failed: true, unavailable: "revision shop-00001 failed: Container failed with: it exited with code 3" });
    expect(summary(later)).toEqual(summary(failed));
    expect(later.notes).toEqual([]);
  });

  test("between two crashes what was said of the last one stays", () => {
    const first = plan({ instances: [crashed] });
    const { message: _, reason: __, ...starting } = crashed;
    const second = plan({ revision: revision(1, first.status), instances: [{ ...starting, phase: "starting" }] });
    expect(second.status.conditions).toEqual(first.status.conditions);
  });

  test("until its deadline it is looked at again then, and no timer is left after that", () => {
    expect(plan({ now: NOW + 20_000 }).again).toBe(100_000);
    expect(plan(overdue).again).toBeUndefined();
    expect(plan({ autoscaler: INITIALIZED }).again).toBeUndefined();
  });

  test("requests for what keeps crashing are answered, after some patience", () => {
    expect(plan({ autoscaler: INITIALIZED, instances: [{ ...crashed, restarts: 2 }] }).unavailable).toBeUndefined();
    expect(plan({ autoscaler: INITIALIZED, instances: [{ ...crashed, restarts: 3 }] }).unavailable).toBe(
      "revision shop-00001 keeps failing: it exited with code 3",
    );
    expect(
      plan({ autoscaler: INITIALIZED, instances: [{ ...crashed, restarts: 3 }, instance({ phase: "ready" })] }).unavailable,
    ).toBeUndefined();
  });

  test("becoming ready is an Event, once", () => {
    const first = plan({ autoscaler: INITIALIZED });
    expect(first.notes.map(({ reason }) => reason)).toEqual(["RevisionReady"]);
    expect(plan({ autoscaler: INITIALIZED, revision: revision(1, first.status) }).notes).toEqual([]);
  });
});

describe("reachabilityOf", () => {
  const labelled = (state: string, status?: Revision["status"]) =>
    reachabilityOf(revision(1, status, { labels: { "serving.knative.dev/routingState": state } }));
  test.each([
    ["a Route leads to it", labelled("active"), "Reachable"],
    ["none does any more", labelled("reserve"), "Unreachable"],
    ["none does yet", labelled("pending"), ""],
    ["none does yet and it cannot run", labelled("pending", { conditions: marks({ ContainerHealthy: "False" }) }), "Unreachable"],
    [
      "none does yet and it waits for a volume's source",
      labelled("pending", { conditions: [{ type: "ResourcesAvailable", status: "False", reason: "FailedMount" }] }),
      "",
    ],
    ["a Route leads to it though it has failed", labelled("active", { conditions: marks({ ContainerHealthy: "False" }) }), "Reachable"],
  ])("%s", (_, actual, expected) => expect(actual).toBe(expected));
});

test.each<[string, { labels?: Record<string, string>; annotations?: Record<string, string> }, number | undefined, number]>([
  ["is upstream's where nothing is said", {}, undefined, 600_000],
  ["is shorter for what the platform deploys, as somebody waits for it", { labels: { "ebb.dev/version": "v3" } }, undefined, 120_000],
  ["is what config-deployment says, for that too", { labels: { "ebb.dev/version": "v3" } }, 300_000, 300_000],
  ["is the Revision's own before all", { annotations: { "serving.knative.dev/progress-deadline": "30s" } }, 300_000, 30_000],
])("a progress deadline %s", (_, metadata, configured, expected) => {
  expect(deadlineOf({ metadata: { name: "a", ...metadata } }, configured)).toBe(expected);
});
