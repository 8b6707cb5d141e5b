import type { Condition, ContainerStatus, Pod, Revision } from "@ebb/kube";
import { codeOf, restsElsewhere, saysUnreachable, type Said, type SaidCode } from "@ebb/base";
import type { OperationErrorCode } from "../errors.ts";
import { say } from "../operations/words.ts";

/** What the cluster says, and by its reason a code for words in another language. */
export interface Cause {
  words: string;
  said: SaidCode | null;
}

export interface Diagnosis {
  code: OperationErrorCode;
  message: string;
  /** The message by its code, for words in another language. */
  said: SaidCode;
  hint: string;
  /** From the outside to the root. */
  chain: Cause[];
  /** Milliseconds that it must last before it is believed; undefined when it may still become ready. */
  patience: number | undefined;
}

/** A program that crashed once may come up the second time (it raced with a database); one that crashed this often will not. */
const CRASHES = 3;
/** Registries fail for a moment now and then. */
const IMAGE_PATIENCE = 5000;
/** A False condition that lasts: kn's error window is 2 s. */
const FAILED_PATIENCE = 2000;
/** A program that has come to rest on another port: one that opens a second port first, as for its metrics, follows with the other. */
const ELSEWHERE_PATIENCE = 10_000;
const IMAGE_REASONS = new Set(["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ContainerMissing"]);

/** Why a Revision is not ready, from its conditions and those of its pods; undefined when it is ready or nothing is wrong so far. */
export function diagnose(version: string, revision: Revision | undefined, pods: readonly Pod[]): Diagnosis | undefined {
  const ready = conditionOf(revision?.status?.conditions, "Ready");
  if (ready?.status === "True") return undefined;
  const containers = pods.flatMap((pod) => pod.status?.containerStatuses ?? []);
  const chain = distinct([
    ...(ready?.status === "False" ? [revisionCause(revision?.metadata.name ?? "", ready)] : []),
    ...pods.flatMap(podCauses),
  ]);
  if (chain.length === 0) return undefined;
  const { trouble, exit, ...verdict } = judge(ready, containers, pods);
  const message = say(`trouble.${trouble}`, { version, ...(exit === undefined ? {} : { exit }) });
  return { ...verdict, message: message.words, said: codeOf(message), chain };
}

type Verdict = Omit<Diagnosis, "chain" | "message" | "said"> & {
  trouble: "image" | "memory" | "ended" | "exited" | "not-yet" | "elsewhere" | "cannot-start" | "not-ready";
  exit?: number;
};

function judge(ready: Condition | undefined, containers: readonly ContainerStatus[], pods: readonly Pod[]): Verdict {
  const failed = ready?.status === "False";
  const reasons = [ready?.reason ?? "", ...containers.map((container) => container.state.waiting?.reason ?? "")];
  if (reasons.some((reason) => IMAGE_REASONS.has(reason))) {
    return {
      code: "image_unavailable",
      trouble: "image",
      hint: "Check the reference (registry, name, tag) and that this machine may pull it.",
      patience: failed ? FAILED_PATIENCE : IMAGE_PATIENCE,
    };
  }
  const words = [ready?.message ?? "", ...pods.flatMap(podCauses).map((cause) => cause.words)];
  const late = ready?.reason === "ProgressDeadlineExceeded";
  // When its time is over, what still runs is ended by the cluster: that is not what was wrong with it.
  const crashed = !late || containers.some((container) => container.restartCount > 0);
  const ended = (crashed ? containers : [])
    .map((container) => container.state.terminated ?? container.lastState?.terminated)
    .find((state) => state !== undefined);
  if (ended || ready?.reason?.startsWith("ExitCode")) {
    const memory = ended?.reason === "OOMKilled";
    const crashes = Math.max(0, ...containers.map((container) => container.restartCount + (container.state.terminated ? 1 : 0)));
    return {
      code: "crash_at_start",
      ...(memory ? { trouble: "memory" } : ended ? { trouble: "exited", exit: ended.exitCode } : { trouble: "ended" }),
      hint: memory
        ? "Raise resources.memory in ebb.yaml."
        : "The last log lines say why; run the start command on your machine to see it there.",
      patience: failed || crashes >= CRASHES ? FAILED_PATIENCE : undefined,
    };
  }
  const elsewhere = words.some(saysUnreachable);
  // Ended by no deadline, and not by its program: what runs it says that it cannot.
  if (failed && !late && !elsewhere) {
    return {
      code: "cannot_start",
      trouble: "cannot-start",
      hint: "Mend what is named as the cause, then deploy again; the program itself has not run.",
      patience: FAILED_PATIENCE,
    };
  }
  const resting = !failed && words.some(restsElsewhere);
  return {
    code: late ? "start_timeout" : "start_failed",
    trouble: !failed && !resting ? "not-yet" : elsewhere ? "elsewhere" : "not-ready",
    hint: resting
      ? "Listen on the port in the environment variable PORT, on all addresses; one that only comes to it later says so with health.initialDelay in ebb.yaml."
      : elsewhere
        ? "Listen on the port in the environment variable PORT, on all addresses."
        : "Check the port it listens on (the environment variable PORT) and the health path in ebb.yaml.",
    patience: failed ? FAILED_PATIENCE : resting ? ELSEWHERE_PATIENCE : undefined,
  };
}

function revisionCause(name: string, { reason = "", message }: Condition): Cause {
  const code =
    reason.startsWith("ExitCode") || reason === "OOMKilled"
      ? "cause.revision-exited"
      : reason === "ProgressDeadlineExceeded"
        ? "cause.revision-late"
        : IMAGE_REASONS.has(reason)
          ? "cause.revision-image"
          : "cause.revision";
  return causeOf(say(code, { name, message: message || reason }));
}

/** What a pod and its containers say of why they are not ready. */
function podCauses(pod: Pod): Cause[] {
  const causes: Cause[] = [plain(pod.status?.message)];
  for (const { status, reason, message } of pod.status?.conditions ?? [])
    if (status === "False" && message) causes.push(CONDITIONS[reason ?? ""]?.(message) ?? plain(message));
  for (const container of pod.status?.containerStatuses ?? []) {
    const { waiting, terminated } = container.state;
    if (waiting && (waiting.message || waiting.reason !== "ContainerCreating")) causes.push(waitingCause(waiting));
    const end = terminated ?? container.lastState?.terminated;
    if (end) causes.push(endCause(end));
  }
  return causes.filter(({ words }) => words !== "");
}

const CONDITIONS: Readonly<Record<string, (message: string) => Cause>> = {
  Unschedulable: (message) => causeOf(say("cause.no-node", { message })),
  ContainersNotReady: (message) => causeOf(say("cause.not-ready", { message })),
};

function waitingCause({ reason = "", message = "" }: { reason?: string; message?: string }): Cause {
  const words = message === "" ? reason : `${reason}: ${message}`;
  if (reason === "CrashLoopBackOff") return causeOf(say("cause.crash-loop", { message: words }));
  if (IMAGE_REASONS.has(reason)) return causeOf(say("cause.image", { message: words }));
  if (reason === "CreateContainerConfigError") return causeOf(say("cause.config", { message: words }));
  return reason === "CreateContainerError" || reason === "RunContainerError"
    ? causeOf(say("cause.container", { message: words }))
    : plain(words);
}

function endCause({ reason, exitCode, message }: { reason?: string; exitCode: number; message?: string }): Cause {
  const words = message || `${reason}, exit code ${exitCode}`;
  return causeOf(say(reason === "OOMKilled" ? "cause.memory" : "cause.exited", { message: words }));
}

const causeOf = (said: Said): Cause => ({ words: said.words, said: codeOf(said) });
const plain = (words = ""): Cause => ({ words, said: null });

export function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

function distinct(causes: readonly Cause[]): Cause[] {
  return causes.filter(({ words }, index) => causes.findIndex((other) => other.words === words) === index);
}
