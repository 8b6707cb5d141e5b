export * from "./approvals.ts";
export * from "./clusters.ts";
export * from "./configuration.ts";
export * from "./declared.ts";
export * from "./domains.ts";
export * from "./expectation.ts";
export * from "./happenings.ts";
export * from "./audit-actions.ts";
export * from "./said.ts";
export * from "./happening-kinds.ts";
export * from "./identity.ts";
export * from "./names.ts";
export * from "./model.ts";
export * from "./mirrors.ts";
export * from "./move-plan.ts";
export * from "./moves.ts";
export * from "./previews.ts";
export * from "./quotas.ts";
export * from "./releases.ts";
export * from "./repositories.ts";
export * from "./request-statuses.ts";
export * from "./rules.ts";
export * from "./scaling.ts";
export * from "./traffic-policy.ts";
export * from "./schedules.ts";
export * from "./schemas.ts";
export * from "./tries.ts";
export * from "./usage.ts";
export * from "./versions.ts";
export {
  ApiError,
  auditChanges,
  createClient,
  isChangedMeanwhile,
  type AuditChange,
  type ChangeOptions,
  type CallOptions,
  type Client,
  type ClientOptions,
  type LogQuery,
  type Page,
  type Place,
  type UploadQuery,
} from "./client.ts";
export type { LayerAddress } from "./configuration-client.ts";
