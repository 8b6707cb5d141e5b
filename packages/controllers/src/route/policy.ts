import { parseTrafficPolicy, type KubeObject, type TrafficPolicy } from "@ebb/kube";

/** What admission would have refused, and got here all the same, guards nothing. */
export function policyOf({ metadata }: Pick<KubeObject, "metadata">): TrafficPolicy | undefined {
  try {
    return parseTrafficPolicy(metadata.annotations);
  } catch {
    return undefined;
  }
}
