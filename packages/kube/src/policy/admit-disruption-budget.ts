import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import type { LabelSelector } from "../rbac.ts";
import { invalidValue, oneOf, refuseInvalid } from "../status-errors.ts";
import { numberOrPercent } from "../validate-numbers.ts";
import { selectorCauses } from "../webhooks/validate-webhook.ts";

/** policy/v1: how many of the Pods that it selects may be evicted at once. */
export interface PodDisruptionBudget extends KubeObject {
  spec?: {
    minAvailable?: number | string;
    maxUnavailable?: number | string;
    /** Nothing is selected when it is absent, everything when it is empty. */
    selector?: LabelSelector;
    unhealthyPodEvictionPolicy?: string;
  };
}

/** k8s.io/kubernetes pkg/apis/policy/validation, in upstream's words. */
export function admitDisruptionBudget(object: KubeObject, _: KubeObject | undefined, kind: Kind): KubeObject {
  const { spec = {} } = object as PodDisruptionBudget;
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  const both = minAvailable !== undefined && maxUnavailable !== undefined;
  refuseInvalid(kind, object, [
    ...(both ? [invalidValue("spec", { minAvailable, maxUnavailable }, "minAvailable and maxUnavailable cannot be both set")] : []),
    ...numberOrPercent(minAvailable, "spec.minAvailable"),
    ...numberOrPercent(maxUnavailable, "spec.maxUnavailable"),
    ...(unhealthyPodEvictionPolicy === undefined
      ? []
      : oneOf(unhealthyPodEvictionPolicy, ["AlwaysAllow", "IfHealthyBudget"], "spec.unhealthyPodEvictionPolicy")),
    ...selectorCauses(selector, "spec.selector"),
  ]);
  return object;
}
