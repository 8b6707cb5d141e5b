export { parseAutoscalerConfig, type AutoscalerConfig } from "./config.ts";
export type { Activity, Bounds } from "./decide.ts";
export type { Decision } from "./journal.ts";
export type { Sample } from "./load-windows.ts";
export { RevisionScaler, type ScalerInputs } from "./revision-scaler.ts";
export { policyOf, POLICY_ANNOTATIONS, type Policy } from "./strategies/parse-policy.ts";
export type { Usage, Vote } from "./strategies/ballot.ts";
export { wakesByItself, type Strategy } from "./strategies/strategy.ts";
export { revisionScaling, type RevisionScaling } from "./revision-scaling.ts";
