import { rfc3339 } from "@ebb/base";
import { sameJson, type Kind, type KubeObject, type Namespace } from "@ebb/kube";

type NamespaceStatus = NonNullable<Namespace["status"]>;
type NamespaceCondition = NonNullable<NamespaceStatus["conditions"]>[number];
interface Finding {
  type: string;
  reason: string;
  message: string;
  /** Whether it keeps the namespace. */
  keeps?: true;
}

/** What kube-controller-manager tells of a namespace that goes, where there is nothing to tell (pkg/controller/namespace/deletion). */
const NOTHING: readonly Finding[] = [
  { type: "NamespaceDeletionDiscoveryFailure", reason: "ResourcesDiscovered", message: "All resources successfully discovered" },
  {
    type: "NamespaceDeletionGroupVersionParsingFailure",
    reason: "ParsedGroupVersions",
    message: "All legacy kube types successfully parsed",
  },
  {
    type: "NamespaceDeletionContentFailure",
    reason: "ContentDeleted",
    message: "All content successfully deleted, may be waiting on finalization",
  },
  { type: "NamespaceContentRemaining", reason: "ContentRemoved", message: "All content successfully removed" },
  { type: "NamespaceFinalizersRemaining", reason: "ContentHasNoFinalizers", message: "All content-preserving finalizers finished" },
];

/** The namespace with conditions that say what keeps it, so that whoever waits knows whose finalizer it is. */
export function tellingWhatIsLeft(namespace: Namespace, left: readonly { kind: Kind; object: KubeObject }[], now: number): Namespace {
  const { phase = "Terminating", conditions = [] } = namespace.status ?? {};
  const resources = counted(left.map(({ kind }) => `${kind.plural}.${kind.group}`));
  const finalizers = counted(left.flatMap(({ object }) => object.metadata.finalizers ?? []));
  const found = [
    finding(
      "NamespaceContentRemaining",
      "SomeResourcesRemain",
      resources.map(([name, count]) => `${name} has ${count} resource instances`),
      "Some resources are remaining",
    ),
    finding(
      "NamespaceFinalizersRemaining",
      "SomeFinalizersRemain",
      finalizers.map(([name, count]) => `${name} in ${count} resource instances`),
      "Some content in the namespace has finalizers remaining",
    ),
  ];
  const told = NOTHING.map((nothing) => conditionOf(found.find((each) => each?.type === nothing.type) ?? nothing, conditions, now));
  const others = conditions.filter(({ type }) => !NOTHING.some((nothing) => nothing.type === type));
  return { ...namespace, status: { ...namespace.status, phase, conditions: [...others, ...told] } };
}

function finding(type: string, reason: string, parts: readonly string[], title: string): Finding | undefined {
  return parts.length === 0 ? undefined : { type, reason, message: `${title}: ${parts.join(", ")}`, keeps: true };
}

function counted(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

function conditionOf({ type, reason, message, keeps }: Finding, before: readonly NamespaceCondition[], now: number): NamespaceCondition {
  const earlier = before.find((condition) => condition.type === type);
  const condition = { type, status: keeps ? "True" : "False", reason, message };
  const lastTransitionTime = earlier?.status === condition.status ? earlier.lastTransitionTime : undefined;
  const next = { ...condition, lastTransitionTime: lastTransitionTime ?? rfc3339(now) };
  return earlier && sameJson(earlier, next) ? earlier : next;
}
