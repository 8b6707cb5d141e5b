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
