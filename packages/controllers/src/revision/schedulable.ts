import { podAmounts, type Cause, type PodSpec } from "@ebb/kube";

/** The one node that there is. */
export interface NodeSize {
  cores: number;
  /** Of it, what instances may use: its `allocatable`. */
  memoryBytes: number;
  /** Its InternalIP; 127.0.0.1 when absent. */
  address?: string;
}

/** Why no node could ever run such a Pod, in the scheduler's words. Sizes only: several Pods that each fit may be more than the node has. */
export function unschedulable(
  { containers, initContainers }: Pick<PodSpec, "containers" | "initContainers">,
  node: NodeSize,
): Cause | undefined {
  const asked = podAmounts(containers, initContainers);
  const lacking = [
    ...((asked["requests.cpu"] ?? 0) > node.cores ? ["1 Insufficient cpu"] : []),
    ...((asked["requests.memory"] ?? 0) > node.memoryBytes ? ["1 Insufficient memory"] : []),
  ];
  if (lacking.length === 0) return undefined;
  return { reason: "Unschedulable", message: `0/1 nodes are available: ${lacking.join(", ")}.` };
}
