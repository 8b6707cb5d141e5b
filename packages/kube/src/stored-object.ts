import type { KubeObject } from "./meta.ts";

/**
 * What was read from a store in the form in which it would be stored now, so that all that looks at it, or compares it with what a client sends, need know no
 * other; itself if it has that form. An older Ebb took owners that were null.
 */
export function asStoredNow(object: KubeObject): KubeObject {
  return withoutNullOwners(object);
}

function withoutNullOwners(object: KubeObject): KubeObject {
  const { ownerReferences, ...metadata } = object.metadata;
  const owners = ownerReferences?.filter((owner) => owner !== null);
  if (owners === undefined || owners.length === ownerReferences?.length) return object;
  return { ...object, metadata: { ...metadata, ...(owners.length > 0 ? { ownerReferences: owners } : {}) } };
}
