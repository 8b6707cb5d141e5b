import {
  Deployments,
  LABELS,
  Revisions,
  userPort,
  type Condition,
  type Container,
  type ContainerPort,
  type ObjectView,
  type PodSpec,
  type Revision,
  type RevisionSpec,
} from "@ebb/kube";
import { controllerRef } from "../engine/keys.ts";
import { deadlineOf } from "../revision/reconcile.ts";
import { servingContainer } from "../revision/workload.ts";
import { queueProxyOf } from "./queue-proxy.ts";
import { beneath, conditionOf, deploymentName, mark, SCALES_BY, suffixed } from "./parts.ts";

/** The Deployment of a Revision as `kubectl` and tests look for it; the instances are the runtime's. */
export const deploymentView: ObjectView<Revision> = {
  kind: Deployments,
  source: Revisions,
  ...suffixed("-deployment"),
  instead: SCALES_BY,
  make: makeDeployment,
};

/** By which kubectl counts what was rolled out: one template, once. */
const REVISION_NUMBER = { "deployment.kubernetes.io/revision": "1" } as const;

export function makeDeployment(revision: Revision) {
  const { actualReplicas = 0, desiredReplicas = 0 } = revision.status ?? {};
  const metadata = beneath(revision, deploymentName(revision), controllerRef(Revisions, revision));
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...metadata, generation: 1, annotations: { ...metadata.annotations, ...REVISION_NUMBER } },
    spec: {
      replicas: desiredReplicas,
      selector: { matchLabels: { [LABELS.revisionUid]: revision.metadata.uid ?? "" } },
      progressDeadlineSeconds: deadlineOf(revision, undefined) / 1000,
      revisionHistoryLimit: 10,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
      template: { metadata: { labels: metadata.labels, annotations: metadata.annotations }, spec: podSpecOf(revision) },
    },
    status: {
      observedGeneration: 1,
      replicas: Math.max(actualReplicas, desiredReplicas),
      updatedReplicas: Math.max(actualReplicas, desiredReplicas),
      readyReplicas: actualReplicas,
      availableReplicas: actualReplicas,
      ...(desiredReplicas > actualReplicas ? { unavailableReplicas: desiredReplicas - actualReplicas } : {}),
      conditions: conditionsOf(revision, actualReplicas >= desiredReplicas),
    },
  };
}

/** With the variables that the container finds; a queue-proxy is beside it only where the Revision speaks of one. */
function podSpecOf(revision: Revision): object {
  const { labels } = revision.metadata;
  const serving = servingContainer(revision);
  const own = [
    { name: "PORT", value: String(userPort(serving)) },
    { name: "K_REVISION", value: revision.metadata.name },
    { name: "K_CONFIGURATION", value: labels?.[LABELS.configuration] ?? "" },
    { name: "K_SERVICE", value: labels?.[LABELS.service] ?? "" },
  ];
  const { containers, timeoutSeconds = 300 } = revision.spec;
  const programs = containersOf(revision).map((container, index) => {
    const env = containers[index] === serving ? own : own.slice(1);
    return { ...container, image: imageOf(revision, container.name) ?? container.image, env: [...(container.env ?? []), ...env] };
  });
  const sidecar = queueProxyOf(revision);
  return {
    ...podFieldsOf(revision.spec),
    containers: sidecar ? [...programs, sidecar] : programs,
    restartPolicy: "Always",
    terminationGracePeriodSeconds: timeoutSeconds,
  };
}

/** A Revision's containers as its Pods have them: the serving one with the port that requests come to, under upstream's name (buildContainerPorts). */
export function containersOf(revision: Revision): Container[] {
  const serving = servingContainer(revision);
  const ports: ContainerPort[] = [{ name: "user-port", containerPort: userPort(serving), protocol: "TCP" }];
  return revision.spec.containers.map((container) => (container === serving ? { ...container, ports } : container));
}

/** What a Revision's spec has of a Pod's: not the fields that are Knative's alone. */
export function podFieldsOf(spec: RevisionSpec): PodSpec {
  const { containerConcurrency: _, timeoutSeconds: _total, responseStartTimeoutSeconds: _start, idleTimeoutSeconds: _idle, ...pod } = spec;
  return pod;
}

/** By its digest, once that is known. */
export function imageOf({ status }: Revision, container: string | undefined): string | undefined {
  return status?.containerStatuses?.find(({ name }) => name === container)?.imageDigest;
}

function conditionsOf(revision: Revision, available: boolean): Condition[] {
  const resources = conditionOf(revision, "ResourcesAvailable");
  const late = resources?.status === "False" && resources.reason === "ProgressDeadlineExceeded";
  const since = resources?.lastTransitionTime ?? revision.metadata.creationTimestamp;
  const time = since === undefined ? {} : { lastTransitionTime: since, lastUpdateTime: since };
  const name = deploymentName(revision);
  return [
    available
      ? mark("Available", "True", { reason: "MinimumReplicasAvailable", message: "Deployment has minimum availability." })
      : mark("Available", "False", {
          reason: "MinimumReplicasUnavailable",
          message: "Deployment does not have minimum availability.",
        }),
    late
      ? mark("Progressing", "False", { reason: "ProgressDeadlineExceeded", message: `Deployment "${name}" has timed out progressing.` })
      : mark("Progressing", "True", available ? { reason: "NewReplicaSetAvailable" } : { reason: "ReplicaSetUpdated" }),
  ].map((condition) => ({ ...condition, ...time }));
}
