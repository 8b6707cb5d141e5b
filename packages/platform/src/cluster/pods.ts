import { hasEnded, type Pod } from "@ebb/kube";
import { conditionOf } from "./diagnose.ts";

export function isReady(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, "Ready")?.status === "True";
}

/** As Ebb's own cluster calls a container whose program has not been started yet (docs/guide/scaling.md). */
const ASIDE = new Set(["Prepared", "Preparing"]);

/** Counted as an instance: anything but one that has ended, or that only waits to be started. */
export function isRunning(pod: Pod): boolean {
  return !hasEnded(pod) && !ASIDE.has(pod.status?.containerStatuses?.[0]?.state.waiting?.reason ?? "");
}

const FAILING = new Set([
  "CrashLoopBackOff",
  "CreateContainerConfigError",
  "CreateContainerError",
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "RunContainerError",
  "StartError",
]);

/** Why what it runs keeps ending or cannot be started, as the cluster says it; undefined while it runs or is on its way. */
export function failureOf(pod: Pod): string | undefined {
  const waiting = pod.status?.containerStatuses?.map(({ state }) => state.waiting).find((state) => state && FAILING.has(state.reason));
  return waiting && (waiting.message?.split("\n", 1)[0] || waiting.reason);
}
