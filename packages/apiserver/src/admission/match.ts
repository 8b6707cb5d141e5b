import { apiVersionOf, Namespaces, type Kind, type KubeObject, type LabelMatcher, type RuledRequest } from "@ebb/kube";
import { keyOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";
import { ruledRequest, type AdmissionAttributes } from "./attributes.ts";

/** What rules are matched by. */
export type Matched = Pick<AdmissionAttributes, "operation" | "kind" | "subresource" | "namespace" | "name">;

/**
 * The kind, in the version that the rules are about, or undefined if they are about none. With matchPolicy Equivalent the request's own version
 * comes first, then the others in which the same objects are served.
 */
export function matchedKind(
  request: Matched,
  { holds, matchPolicy, kinds }: { holds(request: RuledRequest): boolean; matchPolicy: string | undefined; kinds(): readonly Kind[] },
): Kind | undefined {
  const { kind } = request;
  const about = (each: Kind) => holds(ruledRequest({ ...request, kind: each }));
  if (about(kind)) return kind;
  if (matchPolicy === "Exact") return undefined;
  return kinds().find(
    (other) => other.group === kind.group && other.plural === kind.plural && apiVersionOf(other) !== apiVersionOf(kind) && about(other),
  );
}

/** Whether objects of this kind, in whatever version, are among those of the kinds. */
export function isOneOf(kinds: readonly Kind[], { group, plural }: Kind): boolean {
  return kinds.some((each) => each.group === group && each.plural === plural);
}

/** By the labels of the namespace that the object is in; a Namespace by its own. All else that is in no namespace is selected. */
export function inNamespaces(
  namespaces: LabelMatcher,
  { kind, namespace, object, oldObject }: Pick<AdmissionAttributes, "kind" | "namespace" | "object" | "oldObject">,
  store: Store,
): boolean {
  if (kind.group === "" && kind.plural === "namespaces") return namespaces((oldObject ?? object)?.metadata.labels);
  if (namespace === "") return true;
  return namespaces(store.get(keyOf(Namespaces, undefined, namespace))?.metadata.labels);
}

/** What is asked about, which for a stream has no metadata. */
interface Seen {
  object?: Partial<Pick<KubeObject, "metadata">> | undefined;
  oldObject?: Partial<Pick<KubeObject, "metadata">> | undefined;
}

/** Whether the object is selected, or was. What a stream is asked for with has no labels. */
export function hasLabels(objects: LabelMatcher, { object, oldObject }: Seen): boolean {
  return [object, oldObject].some((each) => each && objects(each.metadata?.labels));
}
