import { UserError } from "@ebb/base";
import { formatDuration, readBool, readDuration, readFloat, readInteger, type ConfigData } from "@ebb/kube";

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

const HOUR = 3_600_000;
const LEAST_TARGET = 0.01;
const SHORTEST_WINDOW = 6000;
const MAX_INT32 = 2_147_483_647;

/**
 * Parses the data of ConfigMap config-autoscaler; what is not set has upstream's default. After knative/serving pkg/autoscaler/config;
 * throws UserError `invalid_config` in its words.
 */
export function parseAutoscalerConfig(data: ConfigData = {}): AutoscalerConfig {
  let config: AutoscalerConfig;
  try {
    config = read(data);
  } catch (error) {
    throw error instanceof UserError ? new UserError("invalid_config", `failed to parse data: ${error.message}`) : error;
  }
  for (const check of [checkTimes, checkTargets, checkRates, checkScales]) {
    const problem = check(config);
    if (problem !== undefined) throw new UserError("invalid_config", problem);
  }
  return config;
}

function read(data: ConfigData): AutoscalerConfig {
  const percentage = readFloat(data, "container-concurrency-target-percentage", 70);
  readFloat(data, "activator-capacity", 100);
  return {
    enableScaleToZero: readBool(data, "enable-scale-to-zero", true),
    concurrencyTargetDefault: readFloat(data, "container-concurrency-target-default", 100),
    // Upstream takes a value up to 1 for the share itself.
    targetUtilization: percentage > 1 ? percentage / 100 : percentage,
    rpsTargetDefault: readFloat(data, "requests-per-second-target-default", 200),
    targetBurstCapacity: readFloat(data, "target-burst-capacity", 211),
    maxScaleUpRate: readFloat(data, "max-scale-up-rate", 1000),
    maxScaleDownRate: readFloat(data, "max-scale-down-rate", 2),
    stableWindow: readDuration(data, "stable-window", 60_000),
    panicWindowPercentage: readFloat(data, "panic-window-percentage", 10),
    panicThresholdPercentage: readFloat(data, "panic-threshold-percentage", 200),
    scaleToZeroGracePeriod: readDuration(data, "scale-to-zero-grace-period", 30_000),
    scaleToZeroPodRetentionPeriod: readDuration(data, "scale-to-zero-pod-retention-period", 0),
    scaleDownDelay: readDuration(data, "scale-down-delay", 0),
    initialScale: readInteger(data, "initial-scale", 1),
    allowZeroInitialScale: readBool(data, "allow-zero-initial-scale", false),
    minScale: readInteger(data, "min-scale", 0),
    maxScale: readInteger(data, "max-scale", 0),
    maxScaleLimit: readInteger(data, "max-scale-limit", 0),
    activationScale: readInteger(data, "activation-scale", 1),
  };
}

function checkTimes(config: AutoscalerConfig): string | undefined {
  const { scaleToZeroGracePeriod: grace, scaleDownDelay: delay, scaleToZeroPodRetentionPeriod: retention, stableWindow } = config;
  const precision = "must be specified with at most second precision";
  if (grace <= 0) return `scale-to-zero-grace-period must be positive, was: ${formatDuration(grace)}`;
  if (delay < 0) return `scale-down-delay cannot be negative, was: ${formatDuration(delay)}`;
  if (delay % 1000 !== 0) return `scale-down-delay = ${formatDuration(delay)}, ${precision}`;
  if (retention < 0) return `scale-to-zero-pod-retention-period cannot be negative, was: ${formatDuration(retention)}`;
  if (stableWindow < SHORTEST_WINDOW || stableWindow > HOUR) {
    return `stable-window = ${formatDuration(stableWindow)}, must be in [${formatDuration(SHORTEST_WINDOW)}; ${formatDuration(HOUR)}] range`;
  }
  return stableWindow % 1000 === 0 ? undefined : `stable-window = ${formatDuration(stableWindow)}, ${precision}`;
}

function checkTargets(config: AutoscalerConfig): string | undefined {
  const { targetBurstCapacity: burst, targetUtilization: share, concurrencyTargetDefault, rpsTargetDefault } = config;
  if (burst < 0 && burst !== -1) {
    return `target-burst-capacity must be either non-negative or -1 (for unlimited), was: ${burst.toFixed(6)}`;
  }
  if (share <= 0 || share > 1) {
    return `container-concurrency-target-percentage = ${share.toFixed(6)} is outside of valid range of (0, 100]`;
  }
  const target = share * concurrencyTargetDefault;
  if (target < LEAST_TARGET) {
    return (
      "container-concurrency-target-percentage and container-concurrency-target-default yield target concurrency of " +
      `${target}, can't be less than ${LEAST_TARGET}`
    );
  }
  if (rpsTargetDefault >= LEAST_TARGET) return undefined;
  return `requests-per-second-target-default must be at least ${LEAST_TARGET}, was: ${rpsTargetDefault}`;
}

function checkRates(config: AutoscalerConfig): string | undefined {
  const { maxScaleUpRate: up, maxScaleDownRate: down, panicWindowPercentage: window, panicThresholdPercentage: threshold } = config;
  if (up <= 1) return `max-scale-up-rate = ${up}, must be greater than 1.0`;
  if (down <= 1) return `max-scale-down-rate = ${down}, must be greater than 1.0`;
  if (window < 1 || window > 100) return `panic-window-percentage = ${window}, must be in [1, 100] interval`;
  // Upstream's config takes what its annotations refuse; a threshold at or below 100 % would panic for ever.
  return threshold < 110 || threshold > 1000 ? `panic-threshold-percentage = ${threshold}, must be in [110, 1000] interval` : undefined;
}

function checkScales(config: AutoscalerConfig): string | undefined {
  const { initialScale, allowZeroInitialScale, minScale, maxScale, maxScaleLimit, activationScale } = config;
  if (initialScale < 0 || (initialScale === 0 && !allowZeroInitialScale)) {
    return `initial-scale = ${initialScale}, must be at least 0 (or at least 1 when allow-zero-initial-scale is false)`;
  }
  if (minScale < 0 || minScale > MAX_INT32) return `min-scale = ${minScale}, must be at least 0`;
  // With a limit, no limit cannot be the default.
  const least = maxScaleLimit > 0 ? 1 : 0;
  if (maxScale < least || (maxScaleLimit > 0 && maxScale > maxScaleLimit)) {
    return `max-scale = ${maxScale}, must be in [${least}, max-scale-limit(${maxScaleLimit})] range`;
  }
  if (maxScaleLimit < 0) return `max-scale-limit = ${maxScaleLimit}, must be at least 0`;
  return activationScale < 1 ? `activation-scale = ${activationScale}, must be at least 1` : undefined;
}
