import { UserError } from "@ebb/base";
import { parseDuration } from "@ebb/kube";

/** config-autoscaler, parsed. Times in milliseconds; defaults are upstream's code, not its `_example`. */
export interface AutoscalerConfig {
  enableScaleToZero: boolean;
  /** Concurrency that an instance is taken to bear when the revision sets no limit. */
  concurrencyTargetDefault: number;
  /** Share of the target that is aimed at, 0–1. */
  targetUtilization: number;
  rpsTargetDefault: number;
  /** -1 is no limit; here the gateway is always in the path, so this is only reported. */
  targetBurstCapacity: number;
  maxScaleUpRate: number;
  maxScaleDownRate: number;
  stableWindow: number;
  panicWindowPercentage: number;
  panicThresholdPercentage: number;
  scaleToZeroGracePeriod: number;
  scaleToZeroPodRetentionPeriod: number;
  scaleDownDelay: number;
  initialScale: number;
  allowZeroInitialScale: boolean;
  minScale: number;
  /** 0 is no limit. */
  maxScale: number;
  /** Highest max-scale that a revision may ask for; 0 is no limit. */
  maxScaleLimit: number;
  activationScale: number;
}

type Fields = Readonly<Record<string, string | undefined>>;

function number(data: Fields, key: string, fallback: number, range: readonly [number, number]): number {
  const text = data[key];
  if (text === undefined || text.trim() === "") return fallback;
  const value = Number(text);
  const [low, high] = range;
  if (!Number.isFinite(value) || value < low || value > high) {
    throw new UserError("invalid_config", `config-autoscaler: ${key} = ${JSON.stringify(text)} is not a number from ${low} to ${high}`);
  }
  return value;
}

function integer(data: Fields, key: string, fallback: number, range: readonly [number, number]): number {
  const value = number(data, key, fallback, range);
  if (!Number.isInteger(value)) throw new UserError("invalid_config", `config-autoscaler: ${key} = ${value} is not a whole number`);
  return value;
}

function duration(data: Fields, key: string, fallback: number, range: readonly [number, number]): number {
  const text = data[key];
  if (text === undefined || text.trim() === "") return fallback;
  const value = parseDuration(text.trim());
  const [low, high] = range;
  if (value === undefined || value < low || value > high) {
    throw new UserError("invalid_config", `config-autoscaler: ${key} = ${text} is not a duration from ${low / 1000}s to ${high / 1000}s`);
  }
  return value;
}

function boolean(data: Fields, key: string, fallback: boolean): boolean {
  const text = data[key]?.trim().toLowerCase();
  return text === undefined || text === "" ? fallback : text === "true";
}

const HOUR = 3_600_000;
const COUNT: readonly [number, number] = [0, 2_147_483_647];

/** Parses the data of ConfigMap config-autoscaler; what is not set has upstream's default. Throws UserError `invalid_config`. */
export function parseAutoscalerConfig(data: Fields = {}): AutoscalerConfig {
  const percentage = number(data, "container-concurrency-target-percentage", 70, [0, 100]);
  return {
    enableScaleToZero: boolean(data, "enable-scale-to-zero", true),
    concurrencyTargetDefault: number(data, "container-concurrency-target-default", 100, [0.01, 1e9]),
    // Upstream takes a value up to 1 for the share itself.
    targetUtilization: percentage > 1 ? percentage / 100 : percentage,
    rpsTargetDefault: number(data, "requests-per-second-target-default", 200, [0.01, 1e9]),
    targetBurstCapacity: number(data, "target-burst-capacity", 211, [-1, 1e9]),
    maxScaleUpRate: number(data, "max-scale-up-rate", 1000, [1.000_001, 1e9]),
    maxScaleDownRate: number(data, "max-scale-down-rate", 2, [1.000_001, 1e9]),
    stableWindow: duration(data, "stable-window", 60_000, [6000, HOUR]),
    panicWindowPercentage: number(data, "panic-window-percentage", 10, [1, 100]),
    panicThresholdPercentage: number(data, "panic-threshold-percentage", 200, [110, 1000]),
    scaleToZeroGracePeriod: duration(data, "scale-to-zero-grace-period", 30_000, [0, HOUR]),
    scaleToZeroPodRetentionPeriod: duration(data, "scale-to-zero-pod-retention-period", 0, [0, HOUR]),
    scaleDownDelay: duration(data, "scale-down-delay", 0, [0, HOUR]),
    initialScale: integer(data, "initial-scale", 1, COUNT),
    allowZeroInitialScale: boolean(data, "allow-zero-initial-scale", false),
    minScale: integer(data, "min-scale", 0, COUNT),
    maxScale: integer(data, "max-scale", 0, COUNT),
    maxScaleLimit: integer(data, "max-scale-limit", 0, COUNT),
    activationScale: integer(data, "activation-scale", 1, COUNT),
  };
}
