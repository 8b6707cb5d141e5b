import { rfc3339 } from "@ebb/base";
import { Revisions, type Condition, type ContainerStatus, type Pod, type Revision } from "@ebb/kube";
import type { InstanceStatus } from "@ebb/runtime";
import { controllerRef, omit } from "../engine/keys.ts";
import { instanceLabels, servingContainer } from "../revision/workload.ts";

const NODE = "ebb";

/** The Pod that records an instance. Its environment stays a list of references: values of Secrets are not repeated. */
export function makePod(revision: Revision, { id }: Pick<InstanceStatus, "id">): Pod {
  const container = servingContainer(revision);
  const { namespace, annotations = {} } = revision.metadata;
  const scaling = Object.keys(annotations).filter((key) => key.startsWith("autoscaling.knative.dev/"));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: id,
      ...(namespace === undefined ? {} : { namespace }),
      labels: instanceLabels(revision),
      annotations: omit(annotations, scaling),
      ownerReferences: [controllerRef(Revisions, revision)],
    },
    spec: {
      containers: container ? [container] : [],
      serviceAccountName: revision.spec.serviceAccountName || "default",
      nodeName: NODE,
      terminationGracePeriodSeconds: revision.spec.timeoutSeconds ?? 300,
    },
  };
}

/** The status of a Pod from its instance's; `before` gives the times that only the record knows. */
export function podStatus(revision: Revision, instance: InstanceStatus, before: Pod["status"], now: number): NonNullable<Pod["status"]> {
  const ready = instance.phase === "ready";
  const running =
    ready ||
    instance.phase === "unready" ||
    instance.phase === "frozen" ||
    instance.phase === "draining" ||
    (instance.phase === "starting" && instance.address);
  const why =
    ready || instance.phase === "ended"
      ? {}
      : { reason: instance.reason ?? "ContainersNotReady", ...(instance.message ? { message: instance.message } : {}) };
  const conditions = (["ContainersReady", "Ready"] as const).map((type) =>
    conditionOf(before, { type, status: ready ? "True" : "False", ...why }, now),
  );
  return {
    phase: instance.phase === "ended" ? "Succeeded" : running ? "Running" : "Pending",
    conditions: [
      conditions[0],
      conditionOf(before, { type: "Initialized", status: "True" }, now),
      conditionOf(before, { type: "PodScheduled", status: "True" }, now),
      conditions[1],
    ].filter((condition) => condition !== undefined),
    ...(instance.address ? { podIP: instance.address.host, hostIP: instance.address.host } : {}),
    startTime: before?.startTime ?? rfc3339(instance.startedAt),
    containerStatuses: [{ ...containerStatus(revision, instance), state: stateOf(instance, Boolean(running), before, now) }],
  };
}

function conditionOf(before: Pod["status"], wanted: Condition, now: number): Condition {
  const known = before?.conditions?.find(({ type }) => type === wanted.type);
  const lastTransitionTime = known?.status === wanted.status && known.lastTransitionTime ? known.lastTransitionTime : rfc3339(now);
  return { ...wanted, lastTransitionTime };
}

function stateOf(instance: InstanceStatus, running: boolean, before: Pod["status"], now: number): ContainerStatus["state"] {
  const { phase, startedAt, reason, message } = instance;
  if (phase === "ended") {
    const known = before?.containerStatuses?.[0]?.state.terminated;
    // It was stopped on purpose; how it ended before that, if it did, is in lastState.
    return { terminated: known ?? { exitCode: 0, reason: "Completed", finishedAt: rfc3339(now) } };
  }
  if (running) return { running: { startedAt: rfc3339(startedAt) } };
  return { waiting: { reason: reason ?? "ContainerCreating", ...(message ? { message } : {}) } };
}

function containerStatus(revision: Revision, instance: InstanceStatus): Omit<ContainerStatus, "state"> {
  const { name = "user-container", image = "" } = servingContainer(revision) ?? {};
  const { lastExit } = instance;
  return {
    name,
    image,
    imageID: image.includes("@sha256:") ? image : "",
    ready: instance.phase === "ready",
    restartCount: instance.restarts,
    ...(lastExit
      ? {
          lastState: {
            terminated: { exitCode: lastExit.exitCode ?? 137, reason: lastExit.reason, finishedAt: rfc3339(lastExit.finishedAt) },
          },
        }
      : {}),
  };
}
