import { createHash } from "node:crypto";
import { derivedUid, Deployments, LABELS, ReplicaSets, Revisions, type KubeObject, type ObjectView, type Revision } from "@ebb/kube";
import { controllerRef } from "../engine/keys.ts";
import { makeDeployment, REVISION_NUMBER } from "./deployment.ts";
import { beneath, deploymentName } from "./parts.ts";

/** As long as Kubernetes' own hashes of templates are. */
const HASH = 10;

/** The one ReplicaSet of a Revision's Deployment, by which kubectl tells of it; a Revision's template never changes. */
export const replicaSetView: ObjectView<Revision> = {
  kind: ReplicaSets,
  source: Revisions,
  name: replicaSetName,
  sourceName: (name) => /^(.+)-deployment-[0-9a-f]{10}$/.exec(name)?.[1],
  make: makeReplicaSet,
};

function replicaSetName(revision: Revision): string {
  const hash = createHash("sha1")
    .update(revision.metadata.uid ?? "")
    .digest("hex");
  return `${deploymentName(revision)}-${hash.slice(0, HASH)}`;
}

function makeReplicaSet(revision: Revision): KubeObject {
  const name = deploymentName(revision);
  const { spec } = makeDeployment(revision) as KubeObject & { spec: { replicas: number; template: object } };
  const { actualReplicas = 0 } = revision.status ?? {};
  const uid = derivedUid(Deployments, revision.metadata.uid ?? "", name);
  const owner = controllerRef(Deployments, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, uid } });
  const { annotations, ...metadata } = beneath(revision, replicaSetName(revision), owner);
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      ...metadata,
      generation: 1,
      annotations: { ...annotations, ...REVISION_NUMBER, "deployment.kubernetes.io/desired-replicas": String(spec.replicas) },
    },
    spec: {
      replicas: spec.replicas,
      selector: { matchLabels: { [LABELS.revisionUid]: revision.metadata.uid ?? "" } },
      template: spec.template,
    },
    status: {
      observedGeneration: 1,
      replicas: Math.max(actualReplicas, spec.replicas),
      fullyLabeledReplicas: Math.max(actualReplicas, spec.replicas),
      readyReplicas: actualReplicas,
      availableReplicas: actualReplicas,
    },
  };
}
