import { revisionScaling, scalingAnnotation, type Strategy } from "@ebb/autoscaler";
import {
  formatQuantity,
  HorizontalPodAutoscalers,
  isQuantity,
  parseDuration,
  PodAutoscalers,
  quantityValue,
  Revisions,
  type Condition,
  type Finder,
  type KubeObject,
  type ObjectView,
  type PodAutoscaler,
  type Revision,
} from "@ebb/kube";
import { controllerRef } from "../engine/keys.ts";
import { isResourceClass, readUsage } from "../podautoscaler/resource-usage.ts";
import { servingContainer } from "../revision/workload.ts";
import { autoscalerSettings } from "./metric.ts";
import { mark } from "./parts.ts";

const MAX_INT32 = 2 ** 31 - 1;
const MIB = 1024 * 1024;

/**
 * What Knative makes Kubernetes scale a Revision of the class `hpa` by (knative/serving pkg/reconciler/autoscaling/hpa/resources/hpa.go), with
 * what Ebb's autoscaler, which does it here, has found.
 */
export const horizontalPodAutoscalerView: ObjectView<PodAutoscaler> = {
  kind: HorizontalPodAutoscalers,
  source: PodAutoscalers,
  name: ({ metadata }) => metadata.name,
  sourceName: (name) => name,
  applies: isResourceClass,
  make: makeHorizontalPodAutoscaler,
};

interface Metrics {
  metrics?: object[];
  currentMetrics?: object[];
}

function makeHorizontalPodAutoscaler(autoscaler: PodAutoscaler, find: Finder): KubeObject {
  const { name, namespace = "", labels, annotations = {} } = autoscaler.metadata;
  const { min, max, strategies } = revisionScaling(autoscalerSettings(find), { annotations, containerConcurrency: 0 });
  const { metrics, currentMetrics } = metricsOf(autoscaler, strategies[0], find.get(Revisions, namespace, name));
  const most = max || MAX_INT32;
  const { actualScale = 0, desiredScale = 0 } = autoscaler.status ?? {};
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name, ...(labels ? { labels } : {}), annotations, ownerReferences: [controllerRef(PodAutoscalers, autoscaler)] },
    spec: {
      scaleTargetRef: autoscaler.spec.scaleTargetRef,
      minReplicas: min,
      maxReplicas: most,
      ...(metrics ? { metrics } : {}),
      ...behaviorOf(annotations),
    },
    status: {
      currentReplicas: actualScale,
      desiredReplicas: desiredScale,
      ...(currentMetrics ? { currentMetrics } : {}),
      conditions: conditionsOf({ measured: currentMetrics !== undefined, desired: desiredScale, min, most }, autoscaler),
    },
  };
}

/** Of the one resource that it is scaled by, what is aimed at and what is used. */
function metricsOf({ status }: PodAutoscaler, strategy: Strategy | undefined, revision: Revision | undefined): Metrics {
  if (strategy?.type !== "cpu" && strategy?.type !== "memory") return {};
  const { type: name, target } = strategy;
  const used = readUsage(status?.annotations);
  const resource = (wanted: object) => [{ type: "Resource", resource: { name, target: wanted } }];
  const current = (value: object) => [{ type: "Resource", resource: { name, current: value } }];
  const memory = (mib: number) => formatQuantity(Math.floor(mib) * MIB, "binary");
  if (name === "memory") {
    const metrics = resource({ type: "AverageValue", averageValue: memory(target) });
    return { metrics, ...(used ? { currentMetrics: current({ averageValue: memory(used.memoryMiB) }) } : {}) };
  }
  const metrics = resource({ type: "Utilization", averageUtilization: Math.ceil(target) });
  if (!used) return { metrics };
  const averageValue = formatQuantity((used.cpuPercent * coresOf(revision)) / 100, "decimal");
  return { metrics, currentMetrics: current({ averageUtilization: Math.round(used.cpuPercent), averageValue }) };
}

/** What per cent are of: the request, for which the limit stands in, as in Kubernetes; or a core. */
function coresOf(revision: Revision | undefined): number {
  const { requests, limits } = (revision && servingContainer(revision))?.resources ?? {};
  const asked = requests?.["cpu"] ?? limits?.["cpu"];
  return asked !== undefined && isQuantity(asked) ? quantityValue(asked) : 1;
}

function behaviorOf(annotations: Readonly<Record<string, string>>): object {
  const window = parseDuration(scalingAnnotation(annotations, "window") ?? "");
  if (window === undefined) return {};
  const rules = { stabilizationWindowSeconds: window / 1000 };
  return { behavior: { scaleDown: rules, scaleUp: rules } };
}

interface Found {
  measured: boolean;
  desired: number;
  min: number;
  most: number;
}

function conditionsOf({ measured, desired, min, most }: Found, { metadata, status }: PodAutoscaler): Condition[] {
  const limited = desired >= most ? "TooManyReplicas" : desired <= min ? "TooFewReplicas" : undefined;
  const active = status?.conditions?.find(({ type }) => type === "Active");
  const since = active?.lastTransitionTime ?? metadata.creationTimestamp;
  return [
    mark("AbleToScale", "True", { reason: "ReadyForNewScale", message: "recommended size matches current size" }),
    measured
      ? mark("ScalingActive", "True", { reason: "ValidMetricFound", message: "the HPA was able to successfully calculate a replica count" })
      : mark("ScalingActive", "False", { reason: "FailedGetResourceMetric", message: "no instance has been measured yet" }),
    limited === undefined
      ? mark("ScalingLimited", "False", { reason: "DesiredWithinRange", message: "the desired count is within the acceptable range" })
      : mark("ScalingLimited", "True", {
          reason: limited,
          message: `the desired replica count is at the ${limited === "TooManyReplicas" ? "maximum" : "minimum"} replica count`,
        }),
  ].map((condition) => ({ ...condition, ...(since === undefined ? {} : { lastTransitionTime: since }) }));
}
