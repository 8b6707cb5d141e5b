import type { Cause, KubeNode, PodSpec, Taint } from "@ebb/kube";

interface Requirement {
  key: string;
  operator: string;
  values?: readonly string[];
}
interface Term {
  matchExpressions?: readonly Requirement[];
  matchFields?: readonly Requirement[];
}

const DEFAULT_SCHEDULER = "default-scheduler";
const KEEPS_OUT: ReadonlySet<string> = new Set(["NoSchedule", "NoExecute"]);

/** What a Pod is held against. */
export interface Surroundings {
  /** Unknown at the very start. */
  node: KubeNode | undefined;
  hasPriorityClass(name: string): boolean;
  /** Undefined for one that there is none of. */
  runtimeHandler(name: string): string | undefined;
}

/**
 * Why a Pod of this spec could not be made, or placed on the one node, by what it asks for beside its size; in the words of Kubernetes' admission and
 * scheduler. Labels and taints are the Node's own, as somebody may have set them. What Pods want of other Pods (`podAffinity`, spreading) is not looked at.
 */
export function misplaced(spec: PodSpec, { node, hasPriorityClass, runtimeHandler }: Surroundings, pod: string): Cause | undefined {
  const { runtimeClassName, priorityClassName, schedulerName } = spec;
  if (runtimeClassName) return withoutRuntime(runtimeClassName, runtimeHandler(runtimeClassName), pod);
  if (priorityClassName && !hasPriorityClass(priorityClassName))
    return rejected(pod, `no PriorityClass with name ${priorityClassName} was found`);
  if (schedulerName && schedulerName !== DEFAULT_SCHEDULER)
    return { reason: "Unschedulable", message: `nothing runs here that schedules for ${JSON.stringify(schedulerName)}` };
  if (!node) return undefined;
  const taint = node.spec?.taints?.find((each) => KEEPS_OUT.has(each.effect) && !spec.tolerations?.some((one) => tolerates(one, each)));
  if (taint) return unplaceable(`had untolerated taint {${taint.key}: ${taint.value ?? ""}}`);
  return isWanted(spec, node) ? undefined : unplaceable("didn't match Pod's node affinity/selector");
}

/** There is one engine, which runs everything in one way. */
function withoutRuntime(name: string, handler: string | undefined, pod: string): Cause {
  if (handler === undefined) return rejected(pod, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  const why = `no runtime for ${JSON.stringify(handler)} is configured`;
  return { reason: "FailedCreatePodSandBox", message: `Failed to create pod sandbox: failed to get sandbox runtime: ${why}` };
}

function rejected(pod: string, why: string): Cause {
  return { reason: "FailedCreate", message: `pods ${JSON.stringify(pod)} is forbidden: ${why}` };
}

function unplaceable(why: string): Cause {
  return { reason: "Unschedulable", message: `0/1 nodes are available: 1 node(s) ${why}.` };
}

function tolerates(
  { key = "", operator = "Equal", value = "", effect = "" }: NonNullable<PodSpec["tolerations"]>[number],
  taint: Taint,
): boolean {
  if (effect !== "" && effect !== taint.effect) return false;
  if (key === "") return operator === "Exists";
  return key === taint.key && (operator === "Exists" || value === (taint.value ?? ""));
}

function isWanted({ nodeSelector = {}, affinity }: PodSpec, { metadata }: KubeNode): boolean {
  const { labels = {}, name } = metadata;
  if (Object.entries(nodeSelector).some(([key, value]) => labels[key] !== value)) return false;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return true;
  return (required.nodeSelectorTerms ?? []).some((term) => matchesTerm(term, labels, { "metadata.name": name }));
}

/** A term that asks for nothing matches no node. */
function matchesTerm(
  { matchExpressions = [], matchFields = [] }: Term,
  labels: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, string>>,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every((each) => holds(each, labels)) && matchFields.every((each) => holds(each, fields));
}

function holds({ key, operator, values = [] }: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return integer(value) > integer(values[0]);
    case "Lt":
      return integer(value) < integer(values[0]);
    default:
      return false;
  }
}

/** NaN, which is neither more nor less than anything. */
function integer(text: string | undefined): number {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : NaN;
}
