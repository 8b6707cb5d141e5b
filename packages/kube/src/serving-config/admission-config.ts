import { parseDefaults, type ServingDefaults } from "./defaults.ts";
import { parseFeatures, type Features } from "./features.ts";
import { readBool, readInteger, type ConfigData } from "./read-data.ts";

/** What config-autoscaler says of annotations. */
export interface ScaleLimits {
  allowZeroInitialScale: boolean;
  /** Highest max-scale that a revision may ask for; 0 is no limit. */
  maxScaleLimit: number;
}

/** The ConfigMaps of namespace knative-serving that decide what is filled in and what is refused. */
export interface AdmissionConfig {
  defaults: ServingDefaults;
  features: Features;
  scale: ScaleLimits;
}

/** Throws UserError `invalid_config`. */
export function parseScaleLimits(data: ConfigData = {}): ScaleLimits {
  return {
    allowZeroInitialScale: readBool(data, "allow-zero-initial-scale", false),
    maxScaleLimit: readInteger(data, "max-scale-limit", 0),
  };
}

/** Upstream's defaults, which hold where no ConfigMap says otherwise. */
export const DEFAULT_ADMISSION_CONFIG: AdmissionConfig = {
  defaults: parseDefaults(),
  features: parseFeatures(),
  scale: parseScaleLimits(),
};
