import {
  badRequest,
  LABELS,
  parseFieldSelector,
  parseLabelSelector,
  Pods,
  StatusError,
  type Kind,
  type KubeObject,
  type ListOptions,
} from "@ebb/kube";
import type { StoreKey } from "../store/store.ts";

/** `services.serving.knative.dev`: what the store calls a kind. */
export function resourceOf({ group, storageGroup = group, plural }: Pick<Kind, "group" | "plural" | "storageGroup">): string {
  return storageGroup === "" ? plural : `${plural}.${storageGroup}`;
}

export function keyOf(kind: Kind, namespace: string | undefined, name: string): StoreKey {
  if (kind.namespaced && !namespace) throw badRequest(`${resourceOf(kind)} are in namespaces: a namespace is needed`);
  return { resource: resourceOf(kind), namespace: kind.namespaced ? (namespace ?? "") : "", name };
}

/** Whether an object is among those that the options ask for (Pods that have ended, only to who asks for them by label); throws BadRequest when they cannot be read. */
export function selection(kind: Kind, { namespace, labelSelector, fieldSelector }: ListOptions): (object: KubeObject) => boolean {
  const labels = labelSelector ? parseLabelSelector(labelSelector) : undefined;
  const fields = fieldSelector ? parseFieldSelector(kind, fieldSelector) : undefined;
  const hidden =
    kind.group === Pods.group && kind.plural === Pods.plural && !labelSelector?.includes(LABELS.ended) ? LABELS.ended : undefined;
  return (object) =>
    (hidden === undefined || object.metadata.labels?.[hidden] === undefined) &&
    (!namespace || !kind.namespaced || object.metadata.namespace === namespace) &&
    (labels?.(object.metadata.labels) ?? true) &&
    (fields?.(object) ?? true);
}

/** A resource version from a client; undefined for none, 0 for "any". Throws BadRequest. */
export function parseRevision(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`Invalid value: ${JSON.stringify(text.slice(0, 100))}: resourceVersion must be a decimal number`);
  return Number(text);
}

/** A revision that this server has not reached comes from another one, or from before its data were restored. */
export function checkReached(wanted: number, current: number): void {
  if (wanted <= current) return;
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  throw new StatusError("Timeout", `Too large resource version: ${wanted}, current: ${current}`, { retryAfterSeconds: 1, causes });
}
