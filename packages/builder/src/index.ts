export {
  BUNDLE_HOST,
  type AppPlan,
  type BundleManifest,
  type BuildOutput,
  type Builder,
  type BuildProgress,
  type BuildRequest,
} from "./port.ts";
