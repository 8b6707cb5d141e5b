import { createHash } from "node:crypto";
import { derivedUid, Deployments, ReplicaSets, Revisions, type KubeObject, type ObjectView, type Revision } from "@ebb/kube";
import { controllerRef } from "../engine/keys.ts";
import { makeDeployment } from "./deployment.ts";
import { deploymentName, SCALES_BY } from "./parts.ts";

/** As long as Kubernetes' own hashes of templates are. */
const HASH = 10;

/** The one ReplicaSet of a Revision's Deployment, by which kubectl tells of it; a Revision's template never changes. */
export const replicaSetView: ObjectView<Revision> = {
  kind: ReplicaSets,
  source: Revisions,
  name: replicaSetName,
  sourceName: (name) => /^(.+)-deployment-[0-9a-f]{10}$/.exec(name)?.[1],
  instead: SCALES_BY,
  make: makeReplicaSet,
};

function replicaSetName(revision: Revision): string {
  const hash = createHash("sha1")
    .update(revision.metadata.uid ?? "")
    .digest("hex");
  return `${deploymentName(revision)}-${hash.slice(0, HASH)}`;
}

function makeReplicaSet(revision: Revision): KubeObject {
  const deployment = makeDeployment(revision);
  const { metadata, spec, status } = deployment;
  const uid = derivedUid(Deployments, revision.metadata.uid ?? "", metadata.name);
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      ...metadata,
      name: replicaSetName(revision),
      annotations: { ...metadata.annotations, "deployment.kubernetes.io/desired-replicas": String(spec.replicas) },
      ownerReferences: [controllerRef(Deployments, { ...deployment, metadata: { ...metadata, uid } })],
    },
    spec: { replicas: spec.replicas, selector: spec.selector, template: spec.template },
    status: {
      observedGeneration: 1,
      replicas: status.replicas,
      fullyLabeledReplicas: status.replicas,
      readyReplicas: status.readyReplicas,
      availableReplicas: status.availableReplicas,
    },
  };
}
