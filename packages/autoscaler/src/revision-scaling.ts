import { parseDuration } from "@ebb/kube";
import type { AutoscalerConfig } from "./config.ts";
import type { Aggregation } from "./metric-window.ts";
import type { Idle, Policy } from "./strategies/parse-policy.ts";
import type { Strategy } from "./strategies/strategy.ts";

export type Metric = "concurrency" | "rps";

/** How one revision is scaled: its annotations over config-autoscaler. Times in milliseconds. */
export interface RevisionScaling {
  metric: Metric;
  /** The largest of their votes wins. */
  strategies: readonly Strategy[];
  /** What is kept of it when it sleeps. */
  idle: Idle;
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
export const HPA_CLASS = `hpa.${PREFIX.slice(0, -1)}`;
/** Per cent; Kubernetes' own default. */
const HPA_CPU = 80;

/** The value of an autoscaling annotation by its kebab-case key or by its legacy camelCase one. */
export function scalingAnnotation(annotations: Readonly<Record<string, string>>, key: string): string | undefined {
  return annotations[PREFIX + key] ?? annotations[PREFIX + camelCase(key)];
}

/** There are a dozen keys, which each revision is asked for at each change. */
const CAMEL_CASE = new Map<string, string>();

function camelCase(key: string): string {
  let camel = CAMEL_CASE.get(key);
  if (camel === undefined) CAMEL_CASE.set(key, (camel = key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())));
  return camel;
}

/** A revision as its scaling sees it. */
export interface Scaled {
  annotations: Readonly<Record<string, string>>;
  /** The version's limit; 0 is none. */
  containerConcurrency: number;
  /** Over the version's own annotations. */
  policy?: Policy;
}

/**
 * The scaling of a revision. Never throws: admission has refused bad annotations already, so one that cannot be read (written past
 * admission, or by an older version) counts as absent instead of stopping the revision from scaling at all.
 */
export function revisionScaling(config: AutoscalerConfig, { annotations, containerConcurrency, policy = {} }: Scaled): RevisionScaling {
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
  const max = policy.max ?? whole(number("max-scale", 0, limit)) ?? config.maxScale;
  const byResources = scalingAnnotation(annotations, "class") === HPA_CLASS;
  const min = policy.min ?? whole(number("min-scale", 0)) ?? config.minScale;
  const resolve = (strategy: Strategy): Strategy => {
    if (strategy.type !== "rps" && strategy.type !== "concurrency") return strategy;
    const { type, target = totalPerInstance(config, type, containerConcurrency, undefined) * utilization } = strategy;
    return { type, target };
  };
  const initial = whole(number("initial-scale", config.allowZeroInitialScale ? 0 : 1)) ?? config.initialScale;
  return {
    metric,
    strategies: policy.strategies?.map(resolve) ?? [byResources ? resourceStrategy(annotations, number("target", 0.01)) : { type: metric }],
    idle: policy.idle ?? "cold",
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
    // HPA knows no zero.
    min: byResources ? Math.max(1, min) : min,
    max,
    // Beyond the maximum too, as upstream's: it holds until it was reached once.
    initialScale: initial,
    activationScale: whole(number("activation-scale", 2)) ?? config.activationScale,
    scaleDownDelay: duration(annotations, "scale-down-delay", 0) ?? config.scaleDownDelay,
    scaleToZero: config.enableScaleToZero && !byResources,
    retention: duration(annotations, "scale-to-zero-pod-retention-period", 0) ?? config.scaleToZeroPodRetentionPeriod,
  };
}

/** Of the HPA class: per cent of the CPU, or MiB. */
function resourceStrategy(annotations: Scaled["annotations"], target: number | undefined): Strategy {
  return scalingAnnotation(annotations, "metric") === "memory" && target !== undefined
    ? { type: "memory", target }
    : { type: "cpu", target: target ?? HPA_CPU };
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
