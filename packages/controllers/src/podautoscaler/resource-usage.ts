import { HPA_CLASS, scalingAnnotation, type Usage } from "@ebb/autoscaler";
import type { PodAutoscaler } from "@ebb/kube";

/** In the status of a PodAutoscaler of the class hpa: what its instances use on average, as JSON of Usage. */
const USAGE_ANNOTATION = "autoscaling.ebb.dev/resource-usage";

/** Whether it is scaled by what its instances use, as by a HorizontalPodAutoscaler. */
export function isResourceClass({ metadata }: PodAutoscaler): boolean {
  return scalingAnnotation(metadata.annotations ?? {}, "class") === HPA_CLASS;
}

/** In whole numbers, so that it is not written anew at each small change. */
export function writeUsage({ cpuPercent, memoryMiB }: Usage): Record<string, string> {
  return { [USAGE_ANNOTATION]: JSON.stringify({ cpuPercent: Math.round(cpuPercent), memoryMiB: Math.round(memoryMiB) }) };
}

/** Undefined while nothing has been measured. */
export function readUsage(annotations: Readonly<Record<string, string>> = {}): Usage | undefined {
  const text = annotations[USAGE_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const { cpuPercent, memoryMiB } = (value ?? {}) as Record<string, unknown>;
    return typeof cpuPercent === "number" && typeof memoryMiB === "number" ? { cpuPercent, memoryMiB } : undefined;
  } catch {
    // Somebody else wrote there.
    return undefined;
  }
}
