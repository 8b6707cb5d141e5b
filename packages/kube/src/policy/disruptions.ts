import type { Pod } from "../core.ts";
import { selectorMatcher } from "../webhooks/match-webhook.ts";
import type { PodDisruptionBudget } from "./admit-disruption-budget.ts";

/** How a budget stands: so many Pods of it are ready, and so many must be. */
export interface Disruptions {
  healthy: number;
  desired: number;
}

/** policy/v1: a budget without a selector selects nothing, one with an empty selector everything. */
export function budgetsOf({ metadata }: Pod, budgets: readonly PodDisruptionBudget[]): PodDisruptionBudget[] {
  return budgets.filter(({ spec }) => spec?.selector !== undefined && selectorMatcher(spec.selector)(metadata.labels));
}

/** Of the Pods of a budget's namespace; k8s.io/kubernetes pkg/controller/disruption, with the Pods that are there for those that should be. */
export function disruptionsOf({ spec = {} }: PodDisruptionBudget, pods: readonly Pod[]): Disruptions {
  const selects = spec.selector ? selectorMatcher(spec.selector) : () => false;
  const own = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined && selects(metadata.labels));
  const { minAvailable, maxUnavailable } = spec;
  const desired =
    minAvailable !== undefined
      ? share(minAvailable, own.length)
      : maxUnavailable !== undefined
        ? Math.max(0, own.length - share(maxUnavailable, own.length))
        : 0;
  return { healthy: own.filter(isReady).length, desired };
}

/** Whether a Pod may go now: one that is ready if enough others are, one that is not ready if the others are as many as they must be. */
export function mayBeEvicted(pod: Pod, { spec = {} }: PodDisruptionBudget, { healthy, desired }: Disruptions): boolean {
  if (isReady(pod)) return healthy > desired;
  return spec.unhealthyPodEvictionPolicy === "AlwaysAllow" || (healthy >= desired && desired > 0) || healthy > desired;
}

/** Percentages are rounded up. */
function share(value: number | string, whole: number): number {
  return typeof value === "number" ? value : Math.ceil((Number.parseInt(value, 10) * whole) / 100);
}

function isReady({ status }: Pod): boolean {
  return (status?.conditions ?? []).some(({ type, status: holds }) => type === "Ready" && holds === "True");
}
