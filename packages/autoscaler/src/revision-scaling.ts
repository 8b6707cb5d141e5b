import { parseDuration } from "@ebb/kube";
import type { AutoscalerConfig } from "./config.ts";
import type { Aggregation } from "./metric-window.ts";

export type Metric = "concurrency" | "rps";

/** How one revision is scaled: its annotations over config-autoscaler. Times in milliseconds. */
export interface RevisionScaling {
  metric: Metric;
  aggregation: Aggregation;
  /** What an instance bears (concurrency, or requests per second). */
  total: number;
  /** What is aimed at per instance: total × utilization, at least 0.01. */
  target: number;
  targetBurstCapacity: number;
  stableWindow: number;
  panicWindow: number;
  /** Desired over ready from which it panics: 2 is 200 %. */
  panicThreshold: number;
  maxScaleUpRate: number;
  maxScaleDownRate: number;
  min: number;
  /** 0 is no limit. */
  max: number;
  initialScale: number;
  activationScale: number;
  scaleDownDelay: number;
  scaleToZero: boolean;
  /** The last instance is kept for so long after the traffic ended. */
  retention: number;
}

const PREFIX = "autoscaling.knative.dev/";

/** The value of an autoscaling annotation by its kebab-case key or by its legacy camelCase one. */
export function scalingAnnotation(annotations: Readonly<Record<string, string>>, key: string): string | undefined {
  const camel = key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return annotations[PREFIX + key] ?? annotations[PREFIX + camel];
}

/**
 * The scaling of a revision. Never throws: admission has refused bad annotations already, so one that cannot be read (written past
 * admission, or by an older version) counts as absent instead of stopping the revision from scaling at all.
 */
export function revisionScaling(
  config: AutoscalerConfig,
  annotations: Readonly<Record<string, string>>,
  containerConcurrency: number,
): RevisionScaling {
  const number = (key: string, low: number, high = Number.MAX_SAFE_INTEGER): number | undefined => {
    const text = scalingAnnotation(annotations, key);
    const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
    return value >= low && value <= high ? value : undefined;
  };
  const metric: Metric = scalingAnnotation(annotations, "metric") === "rps" ? "rps" : "concurrency";
  const percent = number("target-utilization-percentage", 1, 100);
  const utilization = percent === undefined ? config.targetUtilization : percent / 100;
  const total = totalPerInstance(config, metric, containerConcurrency, number("target", 0.01));
  const stableWindow = duration(annotations, "window", 6000) ?? config.stableWindow;
  const panicPercentage = number("panic-window-percentage", 1, 100) ?? config.panicWindowPercentage;
  const limit = config.maxScaleLimit > 0 ? config.maxScaleLimit : Number.MAX_SAFE_INTEGER;
  const max = whole(number("max-scale", 0, limit)) ?? config.maxScale;
  const initial = whole(number("initial-scale", config.allowZeroInitialScale ? 0 : 1)) ?? config.initialScale;
  return {
    metric,
    aggregation: /^weighted-?exponential$/i.test(scalingAnnotation(annotations, "metric-aggregation-algorithm") ?? "")
      ? "weighted-exponential"
      : "linear",
    total,
    target: Math.max(0.01, total * utilization),
    targetBurstCapacity: number("target-burst-capacity", -1) ?? config.targetBurstCapacity,
    stableWindow,
    panicWindow: Math.max(1000, Math.round((stableWindow * panicPercentage) / 100 / 1000) * 1000),
    panicThreshold: (number("panic-threshold-percentage", 110, 1000) ?? config.panicThresholdPercentage) / 100,
    maxScaleUpRate: config.maxScaleUpRate,
    maxScaleDownRate: config.maxScaleDownRate,
    min: whole(number("min-scale", 0)) ?? config.minScale,
    max,
    initialScale: max > 0 ? Math.min(initial, max) : initial,
    activationScale: whole(number("activation-scale", 2)) ?? config.activationScale,
    scaleDownDelay: duration(annotations, "scale-down-delay", 0) ?? config.scaleDownDelay,
    scaleToZero: config.enableScaleToZero,
    retention: duration(annotations, "scale-to-zero-pod-retention-period", 0) ?? config.scaleToZeroPodRetentionPeriod,
  };
}

function totalPerInstance(config: AutoscalerConfig, metric: Metric, concurrency: number, target: number | undefined): number {
  if (metric === "rps") return target ?? config.rpsTargetDefault;
  const total = concurrency > 0 ? concurrency : config.concurrencyTargetDefault;
  if (target === undefined) return total;
  return concurrency > 0 ? Math.min(target, concurrency) : target;
}

function whole(value: number | undefined): number | undefined {
  return value === undefined || !Number.isInteger(value) ? undefined : value;
}

const LONGEST_DURATION = 3_600_000;

function duration(annotations: Readonly<Record<string, string>>, key: string, least: number): number | undefined {
  const value = parseDuration(scalingAnnotation(annotations, key)?.trim() ?? "");
  return value !== undefined && value >= least && value <= LONGEST_DURATION ? value : undefined;
}
