import { ANNOTATIONS, parseDuration, VERSION_LABEL, type Cause, type KubeObject, type PodAutoscaler, type Revision } from "@ebb/kube";
import type { InstanceStatus } from "@ebb/runtime";
import type { EventNote } from "../engine/events.ts";
import { AUTOSCALER_CONDITIONS } from "../podautoscaler/conditions.ts";
import { isInitialized } from "../podautoscaler/reconcile.ts";
import { DEADLINE_EXCEEDED, DEPLOYING, RESOLVING, REVISION_CONDITIONS as conditions } from "./conditions.ts";
import { containerStatuses, isBundle, servingContainer } from "./workload.ts";

export interface RevisionObserved {
  revision: Revision;
  autoscaler: PodAutoscaler | undefined;
  /** The image's tag is being resolved: nothing is started before. */
  resolving?: boolean;
  /** Where its logs are, if anybody has said. */
  logUrl?: string | undefined;
  /** Why no instance can be described, if so. */
  problem: Cause | undefined;
  instances: readonly InstanceStatus[];
  now: number;
  /** When this deployment began, milliseconds since the epoch; a restart of the control plane begins it anew. */
  since: number;
  /** Time to reach the initial scale, milliseconds. */
  deadline: number;
}

export interface RevisionPlan {
  status: NonNullable<Revision["status"]>;
  /** It was not ready in time: nothing of it is to run any more. */
  failed: boolean;
  /** Why requests for it cannot be answered while it has no instance. */
  unavailable?: string;
  notes: EventNote[];
  /** Milliseconds until the deadline is to be looked at. */
  again?: number;
}

/** Reasons by which the runtime says that the artifact could not be had. */
const IMAGE_REASONS: ReadonlySet<string> = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageNotFound",
  "BundleMissing",
]);

/** The status of a Revision and what follows from it; after knative's pkg/reconciler/revision and revision_lifecycle.go. */
export function planRevision(observed: RevisionObserved): RevisionPlan {
  const { revision, autoscaler, now } = observed;
  let marks = conditions.initialize(revision.status?.conditions, now);
  const wasReady = conditions.isReady(revision.status?.conditions);
  const initialized = autoscaler !== undefined && isInitialized(autoscaler);
  const remaining = observed.since + observed.deadline - now;
  const failed = !initialized && (hasFailed(revision) || remaining <= 0);
  if (initialized) {
    marks = conditions.markTrue(marks, "ResourcesAvailable", now);
    marks = conditions.markTrue(marks, "ContainerHealthy", now);
  } else if (!hasFailed(revision)) marks = deployingMarks(marks, observed, failed);
  marks = activeMarks(marks, observed, initialized);

  const ready = conditions.get(marks, "Ready");
  const { generation } = revision.metadata;
  const status: RevisionPlan["status"] = {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: marks,
    ...containerStatuses(revision),
    actualReplicas: autoscaler?.status?.actualScale ?? 0,
    desiredReplicas: autoscaler?.status?.desiredScale ?? 0,
    ...(observed.logUrl === undefined ? {} : { logUrl: observed.logUrl }),
  };
  const why = unavailability(observed, failed, ready?.message);
  const notes: EventNote[] = [];
  if (!wasReady && ready?.status === "True")
    notes.push({ type: "Normal", reason: "RevisionReady", message: "Revision becomes ready upon all resources being ready" });
  if (ready?.status === "False" && ready.message !== conditions.get(revision.status?.conditions, "Ready")?.message) {
    notes.push({ type: "Warning", reason: ready.reason ?? "Failed", message: ready.message ?? "" });
  }
  return {
    status,
    failed,
    notes,
    ...(why === undefined ? {} : { unavailable: why }),
    ...(initialized || failed ? {} : { again: remaining }),
  };
}

/** The failure stays: a Revision is immutable, so only a new one can mend it. */
export function hasFailed({ status }: Revision): boolean {
  const condition = conditions.get(status?.conditions, "ResourcesAvailable");
  return condition?.status === "False" && condition.reason === DEADLINE_EXCEEDED;
}

type Marks = NonNullable<RevisionPlan["status"]["conditions"]>;

function deployingMarks(before: Marks, observed: RevisionObserved, overdue: boolean): Marks {
  const { now, problem } = observed;
  const pull = problem ? undefined : pullTrouble(observed);
  const trouble = problem || pull ? undefined : containerTrouble(observed);
  let marks = before;
  if (overdue) {
    const seen = observed.instances.find(({ message }) => message)?.message;
    const message = problem?.message ?? pull?.message ?? seen;
    marks = conditions.markFalse(
      marks,
      "ResourcesAvailable",
      { reason: DEADLINE_EXCEEDED, message: `Initial scale was never achieved${message ? `: ${message}` : ""}` },
      now,
    );
    // What went wrong with the container says more than that time ran out: it is what Ready shows.
    const known = trouble ?? failureOf(before, "ContainerHealthy");
    return known ? conditions.markFalse(marks, "ContainerHealthy", known, now) : marks;
  }
  if (problem) return conditions.markFalse(marks, "ResourcesAvailable", problem, now);
  if (pull) {
    marks = conditions.markUnknown(marks, "ContainerHealthy", { reason: DEPLOYING, message: "" }, now);
    return conditions.markFalse(marks, "ResourcesAvailable", pull, now);
  }
  if (observed.resolving) {
    const cause = { reason: RESOLVING, message: "" };
    return conditions.markUnknown(conditions.markUnknown(marks, "ResourcesAvailable", cause, now), "ContainerHealthy", cause, now);
  }
  const waiting = trouble ? undefined : observed.instances.find(({ phase, message }) => phase !== "ready" && message)?.message;
  marks = conditions.markUnknown(marks, "ResourcesAvailable", { reason: DEPLOYING, message: waiting ?? "" }, now);
  if (trouble) return conditions.markFalse(marks, "ContainerHealthy", trouble, now);
  return conditions.markUnknown(marks, "ContainerHealthy", { reason: DEPLOYING, message: "" }, now);
}

function failureOf(marks: Marks, type: string): Cause | undefined {
  const condition = conditions.get(marks, type);
  return condition?.status === "False" ? { reason: condition.reason ?? "", message: condition.message ?? "" } : undefined;
}

/** An image with a digest is looked for by nobody before the Pod has to be made: it is the kubelet who misses it, in the kubelet's words. */
function pullTrouble({ revision, instances }: RevisionObserved): Cause | undefined {
  const image = servingContainer(revision)?.image ?? "";
  const failed = image.includes("@sha256:") && !isBundle(image) ? instances.find(missesImage) : undefined;
  return (
    failed && { reason: "ImagePullBackOff", message: `Back-off pulling image "${image}": ErrImagePull: ${failed.message ?? failed.reason}` }
  );
}

function missesImage({ phase, reason }: InstanceStatus): boolean {
  return phase !== "ready" && reason !== undefined && IMAGE_REASONS.has(reason);
}

/** With the last log lines, which the runtime adds. */
const LONGEST_WORDS = 2048;

/** What keeps the container from running at all; an instance that is only not ready yet is no trouble. */
function containerTrouble({ revision, instances }: RevisionObserved): Cause | undefined {
  for (const instance of instances) {
    const { phase, reason, message, lastExit } = instance;
    if (phase === "ready") continue;
    if (missesImage(instance)) {
      const image = servingContainer(revision)?.image ?? "";
      return { reason: "ContainerMissing", message: `Unable to fetch image "${image}": ${message ?? reason}` };
    }
    if (lastExit) {
      const how = lastExit.exitCode === undefined ? (lastExit.signal ?? lastExit.reason) : String(lastExit.exitCode);
      const words = (message ?? `it ended (${lastExit.reason}, ${how})`).slice(0, LONGEST_WORDS);
      const cause = {
        reason: lastExit.exitCode === undefined ? lastExit.reason : `ExitCode${lastExit.exitCode}`,
        message: `Container failed with: ${words}`,
      };
      // Between two crashes it only starts again: what was said of the last one stays.
      const known = failureOf(revision.status?.conditions ?? [], "ContainerHealthy");
      return phase !== "backoff" && known?.reason === cause.reason ? known : cause;
    }
    if (phase === "backoff") return { reason: reason ?? "StartError", message: message ?? "The container could not be started" };
  }
  return undefined;
}

function activeMarks(before: Marks, { autoscaler, problem, now, instances }: RevisionObserved, initialized: boolean): Marks {
  const active = AUTOSCALER_CONDITIONS.get(autoscaler?.status?.conditions, "Active");
  if (problem && initialized) return conditions.markFalse(before, "Active", problem, now);
  if (!active) return conditions.markUnknown(before, "Active", { reason: DEPLOYING, message: "" }, now);
  if (active.status === "True") return conditions.markTrue(before, "Active", now);
  const cause = { reason: active.reason ?? "", message: active.message ?? "" };
  if (active.status === "False") return conditions.markFalse(before, "Active", cause, now);
  // Why the instances that requests wait for do not come is worth more than that they are waited for.
  const waiting = instances.find(({ phase, message }) => phase !== "ready" && message)?.message;
  return conditions.markUnknown(before, "Active", waiting ? { ...cause, message: `${cause.message} ${waiting}` } : cause, now);
}

/** A request that can only wait in vain is answered at once, with the cause. */
function unavailability(observed: RevisionObserved, failed: boolean, readyMessage: string | undefined): string | undefined {
  const { revision, problem, instances } = observed;
  const name = revision.metadata.name;
  if (failed) return `revision ${name} failed: ${readyMessage ?? "it never became ready"}`;
  if (problem) return `revision ${name} cannot start: ${problem.message}`;
  const crashing = instances.length > 0 && instances.every(({ phase, restarts }) => phase === "backoff" && restarts >= PATIENCE);
  const cause = instances.find(({ message }) => message)?.message;
  return crashing ? `revision ${name} keeps failing${cause ? `: ${cause}` : ""}` : undefined;
}

/** Restarts that waiting requests sit through: an application whose database is late may need a few. */
const PATIENCE = 3;

/** Upstream's; somebody waits for what the platform deploys. Milliseconds. */
const DEADLINE = 600_000;
const DEPLOYED_DEADLINE = 120_000;

/** Of a Revision or its PodAutoscaler, milliseconds; `configured`: by config-deployment. The annotation is admitted as a whole number of seconds in Go's notation. */
export function deadlineOf({ metadata }: Pick<KubeObject, "metadata">, configured: number | undefined): number {
  const own = parseDuration(metadata.annotations?.[ANNOTATIONS.progressDeadline] ?? "");
  return own ?? configured ?? (metadata.labels?.[VERSION_LABEL] === undefined ? DEADLINE : DEPLOYED_DEADLINE);
}
