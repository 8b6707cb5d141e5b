import type { Condition, ContainerStatus, Pod, Revision } from "@ebb/kube";
import { codeOf, type SaidCode } from "@ebb/base";
import type { OperationErrorCode } from "../errors.ts";
import { say } from "../operations/words.ts";

export interface Diagnosis {
  code: OperationErrorCode;
  message: string;
  /** The message by its code, for words in another language. */
  said: SaidCode;
  hint: string;
  /** From the outside to the root. */
  chain: string[];
  /** Milliseconds that it must last before it is believed; undefined when it may still become ready. */
  patience: number | undefined;
}

/** A program that crashed once may come up the second time (it raced with a database); one that crashed this often will not. */
const CRASHES = 3;
/** Registries fail for a moment now and then. */
const IMAGE_PATIENCE = 5000;
/** A False condition that lasts: kn's error window is 2 s. */
const FAILED_PATIENCE = 2000;
const IMAGE_REASONS = new Set(["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ContainerMissing"]);

/** Why a Revision is not ready, from its conditions and those of its pods; undefined when it is ready or nothing is wrong so far. */
export function diagnose(version: string, revision: Revision | undefined, pods: readonly Pod[]): Diagnosis | undefined {
  const ready = conditionOf(revision?.status?.conditions, "Ready");
  if (ready?.status === "True") return undefined;
  const containers = pods.flatMap((pod) => pod.status?.containerStatuses ?? []);
  const chain = distinct([
    ...(ready?.status === "False" ? [`Revision ${revision?.metadata.name}: ${ready.message || ready.reason}`] : []),
    ...pods.flatMap(podWords),
  ]);
  if (chain.length === 0) return undefined;
  const { trouble, exit, ...verdict } = judge(ready, containers, pods);
  const message = say(`trouble.${trouble}`, { version, ...(exit === undefined ? {} : { exit }) });
  return { ...verdict, message: message.words, said: codeOf(message), chain };
}

type Verdict = Omit<Diagnosis, "chain" | "message" | "said"> & {
  trouble: "image" | "memory" | "ended" | "exited" | "not-yet" | "elsewhere" | "not-ready";
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
  const words = [ready?.message ?? "", ...pods.flatMap(podWords)];
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
  const elsewhere = words.some((each) => /requests come to/.test(each));
  return {
    code: late ? "start_timeout" : "start_failed",
    trouble: !failed ? "not-yet" : elsewhere ? "elsewhere" : "not-ready",
    hint: elsewhere
      ? "Listen on the port in the environment variable PORT, on all addresses."
      : "Check the port it listens on (the environment variable PORT) and the health path in ebb.yaml.",
    patience: failed ? FAILED_PATIENCE : undefined,
  };
}

/** What a pod and its containers say of why they are not ready. */
function podWords(pod: Pod): string[] {
  const words: (string | undefined)[] = [pod.status?.message];
  for (const condition of pod.status?.conditions ?? []) if (condition.status === "False") words.push(condition.message);
  for (const container of pod.status?.containerStatuses ?? []) {
    const { waiting, terminated } = container.state;
    const last = container.lastState?.terminated;
    if (waiting)
      words.push(
        waiting.message ? `${waiting.reason}: ${waiting.message}` : waiting.reason === "ContainerCreating" ? undefined : waiting.reason,
      );
    const end = terminated ?? last;
    if (end) words.push(end.message || `${end.reason}, exit code ${end.exitCode}`);
  }
  return words.filter((word): word is string => word !== undefined && word !== "");
}

export function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

function distinct(words: readonly string[]): string[] {
  return [...new Set(words)];
}
