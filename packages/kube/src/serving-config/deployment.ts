import { UserError } from "@ebb/base";
import { readDuration, readList, readQuantity, type ConfigData } from "./read-data.ts";

/** config-deployment; times in milliseconds. */
export interface DeploymentConfig {
  /** Undefined where it is not set: upstream's 600 s, but for what the platform deploys. */
  progressDeadline: number | undefined;
  digestResolutionTimeout: number;
  /** Hosts of registries whose tags are left as they are. */
  registriesSkippingTagResolving: ReadonlySet<string>;
}

const QUEUE_QUANTITIES = ["cpu", "memory", "ephemeral-storage"].flatMap((resource) => [
  `queue-sidecar-${resource}-request`,
  `queue-sidecar-${resource}-limit`,
]);

/**
 * After knative/serving pkg/deployment/config.go, with its words. What is said of the queue sidecar is checked and has no effect: the
 * gateway does its work, so `queue-sidecar-image` need not be set either. Throws UserError `invalid_config`.
 */
export function parseDeployment(data: ConfigData = {}): DeploymentConfig {
  for (const key of QUEUE_QUANTITIES) readQuantity(data, key);
  const old = (key: string, legacy: string) => (data[key] === undefined && data[legacy] !== undefined ? legacy : key);
  const deadlineKey = old("progress-deadline", "progressDeadline");
  const progressDeadline = data[deadlineKey] === undefined ? undefined : readDuration(data, deadlineKey, 0);
  const digestResolutionTimeout = readDuration(data, old("digest-resolution-timeout", "digestResolutionTimeout"), 10_000);
  const registries = readList(data, old("registries-skipping-tag-resolving", "registriesSkippingTagResolving"), [
    "kind.local",
    "ko.local",
    "dev.local",
  ]);
  if (progressDeadline !== undefined) positive("progress-deadline", progressDeadline);
  if (progressDeadline !== undefined && progressDeadline % 1000 !== 0) {
    throw new UserError("invalid_config", `progress-deadline must be rounded to a whole second, was: ${data[deadlineKey] ?? ""}`);
  }
  positive("digest-resolution-timeout", digestResolutionTimeout);
  return { progressDeadline, digestResolutionTimeout, registriesSkippingTagResolving: new Set(registries) };
}

function positive(key: string, value: number): void {
  if (value > 0) return;
  throw new UserError("invalid_config", `${key} cannot be a non-positive duration, was ${value === 0 ? "0s" : `${value / 1000}s`}`);
}
