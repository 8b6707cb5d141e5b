import { flat } from "@ebb/base";
import { apiVersionOf, type Kind, type KubeObject, type ObjectMeta, type OwnerReference } from "@ebb/kube";

/** `namespace/name`: what work queues hold, and a revision's key in the data plane. */
export function keyOf({ metadata }: Pick<KubeObject, "metadata">): string {
  return keyIn(metadata, metadata.name);
}

/** The key of what has this name in the namespace of an object. */
export function keyIn({ namespace = "" }: Pick<ObjectMeta, "namespace">, name: string): string {
  return flat(namespace, "/", name);
}

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The reference by which `owner` controls an object; the API server deletes the object with it. */
export function controllerRef(kind: Kind, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/** The queue key of the object of `kind` that controls this one, if one of that kind does. */
export function ownerKey(kind: Kind, object: KubeObject): string | undefined {
  const owner = controllerOf(object);
  return owner?.kind === kind.kind && owner.apiVersion === apiVersionOf(kind) ? keyIn(object.metadata, owner.name) : undefined;
}

/** Without the keys; undefined values are left out too. */
export function omit(record: Readonly<Record<string, string>> | undefined, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(record ?? {}).filter(([key]) => !keys.includes(key)));
}
