import type { Pod } from "./core.ts";
import type { KubeObject } from "./meta.ts";
import { qosClass } from "./quota.ts";

/** Whether all of its containers have ended for good: it takes nothing any more, and has no volumes. */
export function hasEnded({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** Whether it is the record of an instance that runs already. */
export function isInstance({ metadata }: KubeObject): boolean {
  return (metadata.ownerReferences ?? []).some(({ kind, controller }) => kind === "Revision" && controller === true);
}

/** Of a new Pod. One that a user makes is told what a scheduler would tell that has no node for it, as those who wait for it look there. */
export function initialPodStatus(pod: Pod): NonNullable<Pod["status"]> {
  const { containers, initContainers = [], nodeName } = pod.spec ?? { containers: [] };
  const { creationTimestamp: lastTransitionTime = "" } = pod.metadata;
  if (isInstance(pod)) return { phase: "Pending" };
  const message = "0/1 nodes are available: 1 node(s) run the instances of Knative Services only.";
  return {
    phase: "Pending",
    ...(nodeName ? {} : { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message, lastTransitionTime }] }),
    qosClass: qosClass([...initContainers, ...containers]),
  };
}
