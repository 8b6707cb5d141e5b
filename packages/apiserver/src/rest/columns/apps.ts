import { formatLabelSelector, type KubeObject, type LabelSelector, type PodSpec } from "@ebb/kube";
import { column, field, joined, number, read, wide, type Columns } from "./column.ts";

/** The containers of what makes Pods, and which Pods are its own. */
export const WORKLOAD = [
  wide("Containers", (object) => joined(containersOf(object).map(({ name = "" }) => name))),
  wide("Images", (object) => joined(containersOf(object).map(({ image }) => image))),
  wide("Selector", ({ spec }) => formatLabelSelector((spec as { selector?: LabelSelector } | undefined)?.selector) || "<none>"),
];

export const APP_COLUMNS: Columns = {
  "apps/Deployment": [
    column("Ready", (object) => `${read(object, ["status", "readyReplicas"]) || 0}/${read(object, ["spec", "replicas"]) || 0}`),
    number("Up-to-date", "status", "updatedReplicas"),
    number("Available", "status", "availableReplicas"),
    ...WORKLOAD,
  ],
  "apps/ReplicaSet": [
    number("Desired", "spec", "replicas"),
    number("Current", "status", "replicas"),
    number("Ready", "status", "readyReplicas"),
    ...WORKLOAD,
  ],
  "autoscaling/Scale": [number("Desired", "spec", "replicas"), number("Available", "status", "replicas")],
  "autoscaling/HorizontalPodAutoscaler": [
    column(
      "Reference",
      (object) => `${read(object, ["spec", "scaleTargetRef", "kind"])}/${read(object, ["spec", "scaleTargetRef", "name"])}`,
    ),
    column("Targets", autoscalerTargets),
    column("MinPods", (object) => String(read(object, ["spec", "minReplicas"]) || "<unset>")),
    field("MaxPods", "spec.maxReplicas", "integer"),
    column("Replicas", (object) => read(object, ["status", "currentReplicas"]) || 0, { type: "integer" }),
  ],
};

function containersOf({ spec }: KubeObject): PodSpec["containers"] {
  return (spec as { template?: { spec?: PodSpec } } | undefined)?.template?.spec?.containers ?? [];
}

interface ResourceMetric {
  resource?: { name: string; target?: MetricValue; current?: MetricValue };
}
interface MetricValue {
  averageUtilization?: number;
  averageValue?: string;
}

/** `cpu: 12%/80%`, as kubectl describes the metrics of resources. */
function autoscalerTargets({ spec, status }: KubeObject): string {
  const { metrics = [] } = (spec ?? {}) as { metrics?: ResourceMetric[] };
  const { currentMetrics = [] } = (status ?? {}) as { currentMetrics?: ResourceMetric[] };
  const show = ({ averageUtilization, averageValue }: MetricValue = {}) =>
    averageUtilization === undefined ? (averageValue ?? "<unknown>") : `${averageUtilization}%`;
  const parts = metrics.flatMap(({ resource }, index) =>
    resource ? [`${resource.name}: ${show(currentMetrics[index]?.resource?.current)}/${show(resource.target)}`] : [],
  );
  return parts.join(", ") || "<none>";
}
