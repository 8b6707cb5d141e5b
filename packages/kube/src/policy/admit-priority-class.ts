import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import { forbiddenField, oneOf, refuseInvalid } from "../status-errors.ts";
import { sameValue } from "../validate-immutable.ts";

interface PriorityClass extends KubeObject {
  value?: number;
  globalDefault?: boolean;
  description?: string;
  preemptionPolicy?: string;
}

/** What is above is the system's own. */
const HIGHEST_USER_PRIORITY = 1_000_000_000;
const SYSTEM_PREFIX = "system-";

/** k8s.io/kubernetes pkg/apis/scheduling: defaults and validation, in upstream's words. */
export function admitPriorityClass(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const given = object as PriorityClass;
  const { value = 0, preemptionPolicy = "PreemptLowerPriority" } = given;
  const before: PriorityClass | undefined = old;
  const { name } = given.metadata;
  refuseInvalid(kind, object, [
    ...(name.startsWith(SYSTEM_PREFIX)
      ? [forbiddenField("metadata.name", `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only`)]
      : []),
    ...(value > HIGHEST_USER_PRIORITY
      ? [forbiddenField("value", `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`)]
      : []),
    ...oneOf(preemptionPolicy, ["Never", "PreemptLowerPriority"], "preemptionPolicy"),
    ...(before && before.value !== value ? [forbiddenField("value", "may not be changed in an update.")] : []),
    ...(before ? sameValue(preemptionPolicy, before.preemptionPolicy, "preemptionPolicy") : []),
  ]);
  const full: PriorityClass = { ...given, value, preemptionPolicy };
  return full;
}
