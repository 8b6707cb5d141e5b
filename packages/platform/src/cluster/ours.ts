import type { KubeObject } from "@ebb/kube";
import { MANAGED_BY, PLATFORM_LABELS } from "./port.ts";

/** Whether Ebb made it. */
export function isOurs(object: KubeObject | undefined): boolean {
  return object?.metadata.labels?.[PLATFORM_LABELS.managedBy] === MANAGED_BY;
}
