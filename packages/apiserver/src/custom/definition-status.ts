import { rfc3339 } from "@ebb/base";
import { keepTimes, type Condition, type CustomResourceDefinition, type DefinitionNames } from "@ebb/kube";

export function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") ?? false;
}

/**
 * The status of a definition beside the others: names are accepted unless another one of its group was first; after
 * apiextensions-apiserver's naming and establishing controllers.
 */
export function definitionStatus(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: number,
): NonNullable<CustomResourceDefinition["status"]> {
  const { spec, status = {} } = definition;
  const rivals = others.filter(
    (other) => other.spec.group === spec.group && other.metadata.uid !== definition.metadata.uid && isEstablished(other),
  );
  const conflict = isEstablished(definition)
    ? undefined
    : conflictOf(
        spec.names,
        rivals.map((other) => other.spec.names),
      );
  const lastTransitionTime = rfc3339(now);
  const conditions: Condition[] = conflict
    ? [
        { type: "NamesAccepted", status: "False", lastTransitionTime, ...conflict },
        { type: "Established", status: "False", lastTransitionTime, reason: "NotAccepted", message: "not all names are accepted" },
      ]
    : [
        { type: "NamesAccepted", status: "True", lastTransitionTime, reason: "NoConflicts", message: "no conflicts found" },
        {
          type: "Established",
          status: "True",
          lastTransitionTime,
          reason: "InitialNamesAccepted",
          message: "the initial names have been accepted",
        },
      ];
  const storage = spec.versions.find((version) => version.storage)?.name;
  const storedVersions = [...new Set([...(status.storedVersions ?? []), ...(storage === undefined ? [] : [storage])])];
  const acceptedNames = conflict ? (status.acceptedNames ?? { plural: "", kind: "" }) : spec.names;
  const foreign = (status.conditions ?? []).filter(({ type }) => !conditions.some((own) => own.type === type));
  return { conditions: [...keepTimes(status.conditions, conditions), ...foreign], acceptedNames, storedVersions };
}

function conflictOf(names: DefinitionNames, rivals: readonly DefinitionNames[]): { reason: string; message: string } | undefined {
  const wordsOf = ({ plural, singular = "", shortNames = [] }: DefinitionNames) => [plural, singular, ...shortNames];
  const taken = new Set(rivals.flatMap(wordsOf));
  const word = wordsOf(names).find((each) => taken.has(each));
  if (word !== undefined) return { reason: "NameConflict", message: `${JSON.stringify(word)} is already in use` };
  if (rivals.some(({ kind }) => kind === names.kind))
    return { reason: "KindConflict", message: `${JSON.stringify(names.kind)} is already in use` };
  return undefined;
}
