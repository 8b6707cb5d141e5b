import type { PodAutoscaler } from "@ebb/kube";
import { MODE_ANNOTATION } from "../facade/parts.ts";
import { writeUsage } from "./resource-usage.ts";
import type { ScaleState } from "./scaling-loop.ts";
import { AUTOSCALER_CONDITIONS as conditions, NO_TRAFFIC, QUEUED, TIMED_OUT } from "./conditions.ts";

export interface ScaleObserved extends ScaleState {
  now: number;
}

/** The status of a PodAutoscaler; after knative's pkg/reconciler/autoscaling/kpa/kpa.go (computeActiveCondition). */
export function autoscalerStatus(autoscaler: PodAutoscaler, observed: ScaleObserved): NonNullable<PodAutoscaler["status"]> {
  const { desired, ready, initialScale, now } = observed;
  let marks = conditions.initialize(autoscaler.status?.conditions, now);
  const initialized = isInitialized(autoscaler) || ready >= initialScale;
  marks = initialized
    ? conditions.markTrue(marks, "ScaleTargetInitialized", now)
    : conditions.markUnknown(marks, "ScaleTargetInitialized", { reason: "", message: "" }, now);
  const needed = Math.max(1, initialized ? observed.minScale : initialScale);
  if (desired === 0) marks = conditions.markFalse(marks, "Active", observed.timedOut ? TIMED_OUT : NO_TRAFFIC, now);
  else if (ready >= needed) marks = conditions.markTrue(marks, "Active", now);
  else marks = conditions.markUnknown(marks, "Active", QUEUED, now);
  const { generation, name } = autoscaler.metadata;
  const annotations = {
    ...(observed.mode === "Serve" ? { [MODE_ANNOTATION]: observed.mode } : {}),
    ...(observed.usage ? writeUsage(observed.usage) : {}),
  };
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    // Serve is said, Proxy is what nothing said means: most Revisions sleep.
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    serviceName: name,
    desiredScale: desired,
    actualScale: ready,
    conditions: marks,
  };
}

export function isInitialized({ status }: PodAutoscaler): boolean {
  return conditions.get(status?.conditions, "ScaleTargetInitialized")?.status === "True";
}
