import type { KubeObject } from "../meta.ts";
import { isJsonObject } from "../patch.ts";
import type { Autoscaler, AutoscalerSpec, AutoscalerStatus, ScaleMetric } from "./autoscaler.ts";

const PREFIX = "autoscaling.alpha.kubernetes.io/";
/** What v1 has no fields for travels in annotations; of the spec and of the status. */
const SPEC_KEYS = ["metrics", "behavior"] as const;
const STATUS_KEYS = ["currentMetrics", "conditions"] as const;
const ANNOTATION: Readonly<Record<string, string>> = { currentMetrics: "current-metrics" };

interface Older extends KubeObject {
  spec?: Omit<AutoscalerSpec, "metrics" | "behavior"> & { targetCPUUtilizationPercentage?: number };
  status?: { currentCPUUtilizationPercentage?: number };
}

/** autoscaling/v1 and v2 of one HorizontalPodAutoscaler; pkg/apis/autoscaling/v1/conversion.go. */
export function convertAutoscaler(object: KubeObject, apiVersion: string): KubeObject {
  return { ...(apiVersion === "autoscaling/v1" ? older(object as Autoscaler) : newer(object as Older)), apiVersion };
}

const isUse = ({ type, resource }: ScaleMetric) => type === "Resource" && resource?.name === "cpu";

function older({ metadata, spec = {}, status, ...object }: Autoscaler): KubeObject {
  const { metrics = [], behavior, ...own } = spec;
  const { currentMetrics = [], conditions = [], ...known } = status ?? {};
  const wanted = metrics.find((metric) => isUse(metric) && metric.resource?.target?.averageUtilization !== undefined);
  const current = currentMetrics.find((metric) => isUse(metric) && metric.resource?.current?.averageUtilization !== undefined);
  const rest = {
    metrics: metrics.filter((metric) => metric !== wanted),
    behavior,
    currentMetrics: currentMetrics.filter((metric) => metric !== current),
    conditions,
  };
  const notes = Object.entries(rest).flatMap(([key, value]) =>
    value === undefined || (Array.isArray(value) && value.length === 0) ? [] : [[noteOf(key), JSON.stringify(value)]],
  );
  const annotations = { ...metadata.annotations, ...(Object.fromEntries(notes) as Record<string, string>) };
  const target = wanted?.resource?.target?.averageUtilization;
  const used = current?.resource?.current?.averageUtilization;
  return {
    ...object,
    metadata: { ...metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: { ...own, ...(target === undefined ? {} : { targetCPUUtilizationPercentage: target }) },
    ...(status ? { status: { ...known, ...(used === undefined ? {} : { currentCPUUtilizationPercentage: used }) } } : {}),
  };
}

function newer({ metadata, spec = {}, status, ...object }: Older): KubeObject {
  const { targetCPUUtilizationPercentage: target, ...own } = spec;
  const { currentCPUUtilizationPercentage: used, ...known } = status ?? {};
  const noted = (keys: readonly string[]) =>
    Object.fromEntries(
      keys.flatMap((key) => (metadata.annotations?.[noteOf(key)] ? [[key, parsed(metadata.annotations[noteOf(key)])]] : [])),
    );
  const { metrics = [], behavior } = noted(SPEC_KEYS) as AutoscalerSpec;
  const { currentMetrics = [], conditions } = noted(STATUS_KEYS) as AutoscalerStatus;
  const cpu = (more: object): ScaleMetric => ({ type: "Resource", resource: { name: "cpu", ...more } });
  const all = [...(target === undefined ? [] : [cpu({ target: { type: "Utilization", averageUtilization: target } })]), ...metrics];
  const seen = [...(used === undefined ? [] : [cpu({ current: { averageUtilization: used } })]), ...currentMetrics];
  const { annotations = {}, ...rest } = metadata;
  const kept = Object.entries(annotations).filter(([key]) => ![...SPEC_KEYS, ...STATUS_KEYS].some((name) => noteOf(name) === key));
  return {
    ...object,
    metadata: { ...rest, ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}) },
    spec: { ...own, ...(all.length > 0 ? { metrics: all } : {}), ...(behavior ? { behavior } : {}) },
    ...(status
      ? { status: { ...known, ...(seen.length > 0 ? { currentMetrics: seen } : {}), ...(conditions ? { conditions } : {}) } }
      : {}),
  };
}

function noteOf(key: string): string {
  return `${PREFIX}${ANNOTATION[key] ?? key}`;
}

/** What a client wrote into an annotation may be anything. */
function parsed(text: string | undefined): unknown {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return Array.isArray(value) || isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
