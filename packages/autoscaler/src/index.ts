export { parseAutoscalerConfig, type AutoscalerConfig } from "./config.ts";
export type { Activity, Bounds } from "./decide.ts";
export type { Decision } from "./journal.ts";
export type { Sample } from "./load-windows.ts";
export { RevisionScaler, type ScalerInputs } from "./revision-scaler.ts";
export { revisionScaling, type RevisionScaling } from "./revision-scaling.ts";
