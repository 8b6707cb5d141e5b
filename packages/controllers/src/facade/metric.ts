import { revisionScaling, parseAutoscalerConfig } from "@ebb/autoscaler";
import { ConfigMaps, Metrics, Revisions, SERVING_NAMESPACE, type Finder, type KubeObject, type ObjectView, type Revision } from "@ebb/kube";
import { autoscalerRef, beneath, mark, privateServiceName, suffixed } from "./parts.ts";

/** What the autoscaler averages for a Revision, and over which windows. */
export const metricView: ObjectView<Revision> = { kind: Metrics, source: Revisions, ...suffixed(""), make: makeMetric };

/** Go's durations are nanoseconds. */
const NANOSECONDS = 1e6;

function makeMetric(revision: Revision, find: Finder): KubeObject {
  const { name, annotations = {} } = revision.metadata;
  const { stableWindow, panicWindow } = revisionScaling(autoscalerSettings(find), {
    annotations,
    containerConcurrency: revision.spec.containerConcurrency ?? 0,
  });
  return {
    apiVersion: "autoscaling.internal.knative.dev/v1alpha1",
    kind: "Metric",
    metadata: { ...beneath(revision, name, autoscalerRef(revision, find)), generation: 1 },
    spec: {
      stableWindow: stableWindow * NANOSECONDS,
      panicWindow: panicWindow * NANOSECONDS,
      scrapeTarget: privateServiceName(revision),
    },
    status: { observedGeneration: 1, conditions: [mark("Ready", "True")] },
  };
}

/** As it was written, when it can be read: a bad one is never stored since it is checked. */
export function autoscalerSettings(find: Finder): ReturnType<typeof parseAutoscalerConfig> {
  const data = find.get(ConfigMaps, SERVING_NAMESPACE, "config-autoscaler")?.data;
  try {
    return parseAutoscalerConfig(data);
  } catch {
    return parseAutoscalerConfig();
  }
}
