import { LABELS, Revisions, type PodAutoscaler, type Revision } from "@ebb/kube";
import { controllerRef } from "../engine/keys.ts";
import { deploymentName } from "../facade/parts.ts";
import { REVISION_CONDITIONS } from "./conditions.ts";
import { protocolOf, servingContainer } from "./workload.ts";

/** The PodAutoscaler of a Revision: same name, labels and annotations; after knative's revision/resources/pa.go. */
export function makeAutoscaler(revision: Revision): PodAutoscaler {
  const { name, namespace, labels, annotations } = revision.metadata;
  return {
    apiVersion: "autoscaling.internal.knative.dev/v1alpha1",
    kind: "PodAutoscaler",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, [LABELS.revision]: name, [LABELS.revisionUid]: revision.metadata.uid ?? "", app: labels?.["app"] ?? name },
      annotations: { ...annotations },
      ownerReferences: [controllerRef(Revisions, revision)],
    },
    spec: {
      containerConcurrency: revision.spec.containerConcurrency ?? 0,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: deploymentName(revision) },
      reachability: reachabilityOf(revision),
      protocolType: protocolOf(servingContainer(revision)),
    },
  };
}

/** An instance that waits for a volume's source is no failure: it is kept, to show what it waits for, and to start once that is there. */
const FAILED_MOUNT = "FailedMount";

/** A Revision that no Route leads to needs no minimum; nor does one that cannot run and has no Route yet. */
export function reachabilityOf({ metadata, status }: Revision): "Reachable" | "Unreachable" | "" {
  const state = metadata.labels?.[LABELS.routingState];
  if (state === "active") return "Reachable";
  if (state === "reserve") return "Unreachable";
  const broken = ["ResourcesAvailable", "ContainerHealthy"].some((type) => {
    const condition = REVISION_CONDITIONS.get(status?.conditions, type);
    return condition?.status === "False" && condition.reason !== FAILED_MOUNT;
  });
  return broken ? "Unreachable" : "";
}
