import type { Pod } from "@ebb/kube";
import { conditionOf } from "./diagnose.ts";

export function isReady(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, "Ready")?.status === "True";
}

/** Counted as an instance: anything but one that has ended. */
export function isRunning({ status }: Pod): boolean {
  return status?.phase !== "Succeeded" && status?.phase !== "Failed";
}
