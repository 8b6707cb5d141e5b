import type { KubeObject } from "@ebb/kube";

/** The record of an instance that runs already. */
export function isInstance({ metadata }: KubeObject): boolean {
  return (metadata.ownerReferences ?? []).some(({ kind, controller }) => kind === "Revision" && controller === true);
}
