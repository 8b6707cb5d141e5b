export interface BackoffPolicy {
  /** First delay, milliseconds. */
  base: number;
  /** No delay is longer, milliseconds. */
  max: number;
  /** Growth for each further failure. */
  factor: number;
}

/** Delay before retry number `failures` (1 after the first failure), without jitter. */
export function backoffDelay(policy: BackoffPolicy, failures: number): number {
  if (failures <= 0) return 0;
  return Math.min(policy.max, policy.base * policy.factor ** (failures - 1));
}
