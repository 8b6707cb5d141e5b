import { Revisions, ServerlessServices, type Finder, type KubeObject, type ObjectView, type Revision } from "@ebb/kube";
import { protocolOf, servingContainer } from "../revision/workload.ts";
import { autoscalerRef, beneath, deploymentName, isServing, mark, privateServiceName, suffixed } from "./parts.ts";

/** A ServerlessService says whether requests would go through the activator upstream. Here the gateway is always in the path. */
export const serverlessServiceView: ObjectView<Revision> = {
  kind: ServerlessServices,
  source: Revisions,
  ...suffixed(""),
  make: makeServerlessService,
};

const NO_BACKENDS = { reason: "NoHealthyBackends", message: "K8s Service is not ready" };

function makeServerlessService(revision: Revision, find: Finder): KubeObject {
  const { name } = revision.metadata;
  const serving = isServing(revision, find);
  const populated = (revision.status?.actualReplicas ?? 0) > 0;
  // Without instances upstream's is Unknown, not False: that is how a Revision sleeps.
  const state = (type: string) => (populated ? mark(type, "True") : mark(type, "Unknown", NO_BACKENDS));
  return {
    apiVersion: "networking.internal.knative.dev/v1alpha1",
    kind: "ServerlessService",
    metadata: { ...beneath(revision, name, autoscalerRef(revision, find)), generation: 1 },
    spec: {
      mode: serving ? "Serve" : "Proxy",
      numActivators: 1,
      objectRef: { apiVersion: "apps/v1", kind: "Deployment", name: deploymentName(revision) },
      protocolType: protocolOf(servingContainer(revision)),
    },
    status: {
      observedGeneration: 1,
      serviceName: name,
      privateServiceName: privateServiceName(revision),
      conditions: [
        { ...mark("ActivatorEndpointsPopulated", serving ? "False" : "True"), severity: "Info" },
        state("EndpointsPopulated"),
        state("Ready"),
      ],
    },
  };
}
