import { constants } from "node:os";
import { rfc3339 } from "@ebb/base";
import { qosClass, Revisions, type Condition, type Container, type ContainerStatus, type Pod, type Revision } from "@ebb/kube";
import { uidOf, type InstanceExit, type InstanceStatus, type PartStatus } from "@ebb/runtime";
import { controllerRef } from "../engine/keys.ts";
import { containersOf, podFieldsOf } from "../facade/deployment.ts";
import { queueProxyOf } from "../facade/queue-proxy.ts";
import { instanceLabels, NODE, NODE_ADDRESS, podAnnotations } from "../revision/pod-metadata.ts";
import { containerStatuses as imageStatuses, servingContainer } from "../revision/workload.ts";

/** The Pod that records an instance. Its environment stays a list of references: values of Secrets are not repeated. */
export function makePod(revision: Revision, { id }: Pick<InstanceStatus, "id">, isLogged = false): Pod {
  const { serviceAccountName } = revision.spec;
  const containers = containersOf(revision);
  const { namespace } = revision.metadata;
  const sidecar = queueProxyOf(revision, isLogged);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: id,
      ...(namespace === undefined ? {} : { namespace }),
      labels: instanceLabels(revision),
      annotations: podAnnotations(revision),
      uid: uidOf(id),
      ownerReferences: [controllerRef(Revisions, revision)],
    },
    spec: {
      ...podFieldsOf(revision.spec),
      containers: sidecar ? [...containers, sidecar] : containers,
      serviceAccountName: serviceAccountName || "default",
      nodeName: NODE,
      terminationGracePeriodSeconds: revision.spec.timeoutSeconds ?? 300,
    },
  };
}

interface Surroundings {
  /** The record so far: it gives the times that only it knows. */
  before: Pod["status"];
  now: number;
  /** The node's. */
  hostIP?: string | undefined;
  /** Its `queue-proxy`, as the Pod was written down with it. */
  sidecar?: Container | undefined;
}

/** The status of a Pod from its instance's. */
export function podStatus(revision: Revision, instance: InstanceStatus, around: Surroundings): NonNullable<Pod["status"]> {
  const { before, now, hostIP = NODE_ADDRESS, sidecar } = around;
  const { containers, initContainers = [] } = revision.spec;
  const ready = instance.phase === "ready";
  const initialized = (instance.parts ?? []).every((part) => part.role !== "init" || part.ready);
  const why =
    ready || instance.phase === "ended"
      ? {}
      : { reason: instance.reason ?? "ContainersNotReady", ...(instance.message ? { message: instance.message } : {}) };
  const condition = (type: string, status: boolean, more: Partial<Condition> = {}) =>
    conditionOf(before, { type, status: status ? "True" : "False", ...more }, now);
  const main = servingContainer(revision);
  const statuses = containers.map((container) =>
    statusOf(imageOf(revision, container), container === main ? undefined : partOf(instance, container), instance),
  );
  const initStatuses = initContainers.map((container) => statusOf(imageOf(revision, container), partOf(instance, container), instance));
  return {
    phase: instance.phase === "ended" ? "Succeeded" : initialized && isRunning(instance) ? "Running" : "Pending",
    conditions: [
      condition("ContainersReady", ready, why),
      condition("Initialized", initialized, initialized ? {} : { reason: "ContainersNotInitialized" }),
      condition("PodScheduled", true),
      condition("Ready", ready, why),
    ],
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(instance.address ? { podIP: instance.address.host, podIPs: [{ ip: instance.address.host }] } : {}),
    qosClass: qosClass([...initContainers, ...containers]),
    startTime: before?.startTime ?? rfc3339(instance.startedAt),
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    containerStatuses: sidecar ? [...statuses, sidecarStatus(sidecar, instance)] : statuses,
  };
}

/** Of a container in which nothing runs: it goes with the others. */
function sidecarStatus({ name = "", image }: Container, instance: InstanceStatus): ContainerStatus {
  const end = instance.end ?? instance.lastExit;
  const finished = { terminated: { exitCode: 0, reason: "Completed", ...(end ? { finishedAt: rfc3339(end.finishedAt) } : {}) } };
  return {
    name,
    image,
    imageID: "",
    containerID: `ebb://${instance.id}.${name}`,
    ready: instance.phase === "ready",
    started: isRunning(instance),
    restartCount: 0,
    state:
      instance.phase === "ended"
        ? finished
        : isRunning(instance)
          ? { running: { startedAt: rfc3339(instance.startedAt) } }
          : waitingFor(undefined, undefined),
  };
}

function conditionOf(before: Pod["status"], wanted: Condition, now: number): Condition {
  const known = before?.conditions?.find(({ type }) => type === wanted.type);
  const lastTransitionTime = known?.status === wanted.status && known.lastTransitionTime ? known.lastTransitionTime : rfc3339(now);
  return { ...wanted, lastTransitionTime };
}

function partOf({ parts }: InstanceStatus, { name }: Container): PartStatus | undefined {
  return parts?.find((part) => part.name === name);
}

function isRunning({ phase, address }: InstanceStatus): boolean {
  return (
    phase === "ready" ||
    phase === "unready" ||
    phase === "frozen" ||
    phase === "draining" ||
    (phase === "starting" && address !== undefined)
  );
}

type NamedImage = Pick<ContainerStatus, "name" | "image" | "imageID">;

function imageOf(revision: Revision, { name = "user-container", image }: Container): NamedImage {
  const { containerStatuses, initContainerStatuses = [] } = imageStatuses(revision);
  const resolved = [...containerStatuses, ...initContainerStatuses].find((container) => container.name === name)?.imageDigest;
  return { name, image, imageID: resolved ?? "" };
}

/** Of one container: `part` tells of it unless it is the one that serves, which the instance itself tells of. */
function statusOf({ name, image, imageID }: NamedImage, part: PartStatus | undefined, instance: InstanceStatus): ContainerStatus {
  const { lastExit, restarts } = part ?? instance;
  const ended = part ? part.phase === "ended" : instance.phase === "ended";
  // What ended on purpose is told as the state that it is in; what ended before that, as its last.
  const last = ended && part ? undefined : lastExit;
  return {
    name,
    image,
    imageID,
    containerID: `ebb://${part ? `${instance.id}.${name}` : instance.id}`,
    ready: part ? part.ready : (instance.mainReady ?? instance.phase === "ready"),
    started: !ended && (part ? part.phase === "running" : isRunning(instance)),
    restartCount: restarts,
    state: ended ? endOf(part ? part.lastExit : (instance.end ?? lastExit)) : part ? partState(part) : mainState(instance),
    ...(last ? { lastState: endOf(last) } : {}),
  };
}

function mainState(instance: InstanceStatus): ContainerStatus["state"] {
  const { startedAt, reason, message } = instance;
  if (isRunning(instance)) return { running: { startedAt: rfc3339(startedAt) } };
  return waitingFor(reason, message);
}

function partState({ phase, startedAt, reason, message }: PartStatus): ContainerStatus["state"] {
  return phase === "running" && startedAt !== undefined ? { running: { startedAt: rfc3339(startedAt) } } : waitingFor(reason, message);
}

function waitingFor(reason: string | undefined, message: string | undefined): ContainerStatus["state"] {
  return { waiting: { reason: reason ?? "ContainerCreating", ...(message ? { message } : {}) } };
}

/** How a container ended. Of one whose end nobody saw, what the kubelet says of such. */
function endOf(exit: InstanceExit | undefined): ContainerStatus["state"] {
  const code = exit && exitCodeOf(exit);
  if (!exit || code === undefined) {
    const message = "The container could not be located when the pod was terminated";
    const finishedAt = exit ? { finishedAt: rfc3339(exit.finishedAt) } : {};
    return { terminated: { exitCode: UNKNOWN_CODE, reason: "ContainerStatusUnknown", message, ...finishedAt } };
  }
  const { reason, message, finishedAt } = exit;
  return { terminated: { exitCode: code, reason, ...(message ? { message } : {}), finishedAt: rfc3339(finishedAt) } };
}

/** The kubelet's, too. */
const UNKNOWN_CODE = 137;
const SIGNALLED = 128;

/** A program that a signal ended has the code that a shell gives it. */
function exitCodeOf({ exitCode, signal }: InstanceExit): number | undefined {
  if (exitCode !== undefined) return exitCode;
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return number === undefined ? undefined : SIGNALLED + number;
}
