import {
  ANNOTATIONS,
  childName,
  PodAutoscalers,
  type Condition,
  type Finder,
  type KubeObject,
  type OwnerReference,
  type Revision,
} from "@ebb/kube";
import { controllerRef, omit } from "../engine/keys.ts";
import { instanceLabels } from "../revision/pod-metadata.ts";

/** Of namespace `knative-serving`: what clients take for the activator. It is the gateway. */
export const ACTIVATOR_SERVICE = "activator-service";

/** In the status of a PodAutoscaler: the mode of its ServerlessService, `Serve` or `Proxy`. */
export const MODE_ANNOTATION = "autoscaling.ebb.dev/serverless-service-mode";

/** Whether requests would go to the instances themselves upstream, as there is room enough in them for a burst. */
export function isServing({ metadata }: Revision, find: Finder): boolean {
  const autoscaler = find.get(PodAutoscalers, metadata.namespace ?? "", metadata.name);
  return autoscaler?.status?.annotations?.[MODE_ANNOTATION] === "Serve";
}

/** What Knative does not copy from a Revision to the objects beneath it. */
const OWN_ANNOTATIONS = [ANNOTATIONS.routes, ANNOTATIONS.routingStateModified];

/** Metadata of an object beneath a Revision; after knative's pkg/reconciler/revision/resources/meta.go. */
export function beneath(revision: Revision, name: string, owner: OwnerReference | undefined): KubeObject["metadata"] {
  return {
    name,
    labels: instanceLabels(revision),
    annotations: omit(revision.metadata.annotations, OWN_ANNOTATIONS),
    ...(owner ? { ownerReferences: [owner] } : {}),
  };
}

/** The PodAutoscaler of a Revision as an owner, once there is one. */
export function autoscalerRef({ metadata }: Revision, find: Finder): OwnerReference | undefined {
  const autoscaler = find.get(PodAutoscalers, metadata.namespace ?? "", metadata.name);
  return autoscaler && controllerRef(PodAutoscalers, autoscaler);
}

/** What whoever writes to a Deployment of a Revision is after. */
export const SCALES_BY =
  "For more instances set autoscaling.knative.dev/min-scale in the template of the Knative Service, for new ones delete the Pods.";

/** `name` and `sourceName` of a view whose objects are named after their sources. */
export function suffixed(suffix: string): { name(source: KubeObject): string; sourceName(name: string): string | undefined } {
  return {
    name: ({ metadata }) => childName(metadata.name, suffix),
    sourceName: (name) => (name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : undefined),
  };
}

export function deploymentName(revision: Revision): string {
  return childName(revision.metadata.name, "-deployment");
}

export function privateServiceName(revision: Revision): string {
  return childName(revision.metadata.name, "-private");
}

/** A condition that changes with the object that it is made from. */
export function mark(type: string, status: Condition["status"], cause: { reason?: string; message?: string } = {}): Condition {
  return { type, status, ...(cause.reason ? { reason: cause.reason } : {}), ...(cause.message ? { message: cause.message } : {}) };
}

export function conditionOf({ status }: Pick<Revision, "status">, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
