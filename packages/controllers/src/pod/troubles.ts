import type { ContainerStatus, Pod } from "@ebb/kube";
import type { EventNote } from "../engine/events.ts";

type PodStatus = Pod["status"];

/** Of containers that could not be started; all others that wait are on their way. */
const BACK_OFF = "CrashLoopBackOff";
const ON_THEIR_WAY = new Set(["ContainerCreating", "PodInitializing", "Prepared", "Preparing"]);

/** What a kubelet would warn of in Events when a Pod's status has changed so. The words of the program itself are left to its log. */
export function troublesOf({ metadata }: Pod, before: PodStatus, after: PodStatus): EventNote[] {
  const known = new Map(containersOf(before).map((container) => [container.name, container]));
  const where = `in pod ${metadata.name}_${metadata.namespace ?? ""}(${metadata.uid ?? ""})`;
  return [
    ...containersOf(after).flatMap((container) => containerTrouble(known.get(container.name), container, where)),
    ...(becameUnready(before, after) ? [{ type: "Warning", reason: "Unhealthy", message: unreadyWords(after) } as const] : []),
  ];
}

function containerTrouble(before: ContainerStatus | undefined, { name, state, restartCount }: ContainerStatus, where: string): EventNote[] {
  const { waiting } = state;
  if (!waiting || ON_THEIR_WAY.has(waiting.reason)) return [];
  const was = before?.state.waiting?.reason;
  const cause = waiting.message ? `: ${firstLine(waiting.message)}` : "";
  if (waiting.reason === BACK_OFF) {
    if (was === BACK_OFF && restartCount === before?.restartCount) return [];
    return [{ type: "Warning", reason: "BackOff", message: `Back-off restarting failed container ${name} ${where}${cause}` }];
  }
  return was === waiting.reason ? [] : [{ type: "Warning", reason: "Failed", message: `Error: ${waiting.reason}${cause}` }];
}

/** One that stops has nothing wrong with it: nothing of it says why it is not ready. */
function becameUnready(before: PodStatus, after: PodStatus): boolean {
  const running = containersOf(after).every(({ state }) => state.running !== undefined);
  return running && readyOf(before)?.status === "True" && readyOf(after)?.status === "False" && unreadyWords(after) !== "";
}

function unreadyWords(status: PodStatus): string {
  const { reason, message } = readyOf(status) ?? {};
  if (!message || (reason !== "ProbeFailed" && reason !== "Unhealthy")) return "";
  return reason === "ProbeFailed" ? `Readiness probe failed: ${firstLine(message)}` : firstLine(message);
}

function readyOf(status: PodStatus) {
  return status?.conditions?.find(({ type }) => type === "Ready");
}

function containersOf(status: PodStatus): ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
