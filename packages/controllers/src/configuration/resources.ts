import { ANNOTATIONS, Configurations, LABELS, type Configuration, type Revision } from "@ebb/kube";
import { controllerRef, omit } from "../engine/keys.ts";
import { revisionName } from "./revision-name.ts";

const ROUTES = [ANNOTATIONS.routes];

/** After knative's pkg/reconciler/configuration/resources/revision.go. */
export function makeRevision(configuration: Configuration, timestamp: string): Revision {
  const { name, namespace, uid = "", labels = {}, annotations = {}, generation = 1 } = configuration.metadata;
  const { template } = configuration.spec;
  const stamp = (key: string) => (annotations[key] === undefined ? {} : { [key]: annotations[key] });
  const service = labels[LABELS.service];
  const serviceUid = labels[LABELS.serviceUid];
  // Upstream makes the creator of a Revision whoever changed the Configuration last.
  const creator = annotations[ANNOTATIONS.lastModifier];
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Revision",
    metadata: {
      name: revisionName(configuration),
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...template.metadata?.labels,
        [LABELS.configuration]: name,
        [LABELS.configurationUid]: uid,
        [LABELS.configurationGeneration]: String(generation),
        ...(service === undefined ? {} : { [LABELS.service]: service }),
        ...(serviceUid === undefined ? {} : { [LABELS.serviceUid]: serviceUid }),
        [LABELS.routingState]: "pending",
      },
      annotations: {
        ...omit(template.metadata?.annotations, ROUTES),
        ...stamp(ANNOTATIONS.creator),
        ...(creator === undefined ? {} : { [ANNOTATIONS.creator]: creator }),
        [ANNOTATIONS.routingStateModified]: timestamp,
      },
      ownerReferences: [controllerRef(Configurations, configuration)],
    },
    spec: template.spec,
  };
}
