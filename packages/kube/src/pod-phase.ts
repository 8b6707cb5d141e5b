import type { Pod } from "./core.ts";

/** Whether all of its containers have ended for good: it takes nothing any more, and has no volumes. */
export function hasEnded({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}
