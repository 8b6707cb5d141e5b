export { parseAutoscalerConfig, type AutoscalerConfig } from "./config.ts";
export type { Activity, Bounds } from "./decide.ts";
export type { Decision } from "./journal.ts";
export { RevisionScaler, type Sample, type ScalerInputs } from "./revision-scaler.ts";
export { revisionScaling, type RevisionScaling } from "./revision-scaling.ts";
