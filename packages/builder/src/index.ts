export { createBuilder, type BuilderOptions, type BundleBuilder } from "./builder.ts";
export { EbbConfig as ebbSchema } from "./config/schema.ts";
export { BUILD_ERRORS } from "./errors.ts";
export {
  BUNDLE_HOST,
  type AppPlan,
  type Builder,
  type BuildOutput,
  type BuildProgress,
  type BuildRequest,
  type BundleManifest,
} from "./port.ts";
