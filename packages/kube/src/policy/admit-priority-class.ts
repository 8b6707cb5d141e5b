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

/** Those that every Kubernetes has. */
export const SYSTEM_PRIORITY_CLASSES: readonly PriorityClass[] = [
  system("system-node-critical", 2_000_001_000, "Used for system critical pods that must not be moved from their current node."),
  system(
    "system-cluster-critical",
    2_000_000_000,
    "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  ),
];

function system(name: string, value: number, description: string): PriorityClass {
  return { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name }, value, description };
}

/** k8s.io/kubernetes IsKnownSystemPriorityClass. */
function systemFault({ metadata: { name }, value, globalDefault = false }: PriorityClass): string | undefined {
  const known = SYSTEM_PRIORITY_CLASSES.find(({ metadata }) => metadata.name === name);
  if (!known) return `${name} is not a known system priority class`;
  if (known.value !== value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

/** k8s.io/kubernetes pkg/apis/scheduling: defaults and validation, in upstream's words. */
export function admitPriorityClass(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const given = object as PriorityClass;
  const { value = 0, preemptionPolicy = "PreemptLowerPriority" } = given;
  const before: PriorityClass | undefined = old;
  const { name } = given.metadata;
  const reserved = name.startsWith(SYSTEM_PREFIX);
  const fault = reserved ? systemFault({ ...given, value }) : undefined;
  refuseInvalid(kind, object, [
    ...(fault === undefined
      ? []
      : [
          forbiddenField(
            "metadata.name",
            `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${fault}`,
          ),
        ]),
    ...(!reserved && value > HIGHEST_USER_PRIORITY
      ? [forbiddenField("value", `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`)]
      : []),
    ...oneOf(preemptionPolicy, ["Never", "PreemptLowerPriority"], "preemptionPolicy"),
    ...(before && before.value !== value ? [forbiddenField("value", "may not be changed in an update.")] : []),
    ...(before ? sameValue(preemptionPolicy, before.preemptionPolicy, "preemptionPolicy") : []),
  ]);
  const full: PriorityClass = { ...given, value, preemptionPolicy };
  return full;
}
