import { formatLabelSelector, type KubeObject, type LabelSelector } from "@ebb/kube";
import { column, field, joined, number, read, valueAt, wide, type Column, type Columns } from "./column.ts";

/** The containers of the template at a path. */
export function templateColumns(...template: string[]): Column[] {
  return [
    wide("Containers", (object) => joined(partsOf(object, template, "name"))),
    wide("Images", (object) => joined(partsOf(object, template, "image"))),
  ];
}

/** A text of each container of a template at a path. */
export function partsOf(object: KubeObject, template: readonly string[], part: "name" | "image"): string[] {
  const containers = (valueAt(object, [...template, "spec", "containers"]) ?? []) as { name?: string; image?: string }[];
  return containers.map((container) => container[part] ?? "");
}

/** The containers of what makes Pods. */
export const CONTAINERS = templateColumns("spec", "template");
/** The same, and which Pods are its own. */
export const WORKLOAD = [
  ...CONTAINERS,
  wide("Selector", ({ spec }) => formatLabelSelector((spec as { selector?: LabelSelector } | undefined)?.selector) || "<none>"),
];

export const READY_REPLICAS = column(
  "Ready",
  (object) => `${read(object, ["status", "readyReplicas"]) || 0}/${read(object, ["spec", "replicas"]) || 0}`,
);

export const APP_COLUMNS: Columns = {
  "apps/Deployment": [
    READY_REPLICAS,
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
