export { createBuilder, type BuilderOptions, type BundleBuilder } from "./builder.ts";
export { EbbConfig as ebbSchema } from "./config/schema.ts";
export { BUILD_ERRORS } from "./errors.ts";
export {
  BUNDLE_HOST,
  type AppPlan,
  type Builder,
  type Built,
  type BuildOutput,
  type BuildProgress,
  type BuildRequest,
  type BundleManifest,
} from "./port.ts";
export { fingerprintOf, generateDeployKey, hostKeys, readDeployKey } from "./git/deploy-key.ts";
export type { GitCommit, GitCredential, GitSource } from "./git/source.ts";
