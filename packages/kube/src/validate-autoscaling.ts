import { parseDuration } from "./duration.ts";
import { fieldError, invalidFieldValue, outOfBounds, type FieldErrors } from "./field-error.ts";
import type { ScaleLimits } from "./serving-config/admission-config.ts";

/** knative/serving pkg/apis/autoscaling/annotation_validation.go. */
const GROUP = "autoscaling.knative.dev";
const KPA = `kpa.${GROUP}`;
const HPA = `hpa.${GROUP}`;
const MAX_INT32 = 2 ** 31 - 1;
const HOUR = 3_600_000;
const WINDOW_MIN = 6000;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

type Annotations = Readonly<Record<string, string>>;
interface Found {
  key: string;
  value: string;
}

/** The annotation under its key, or under the camelCase one of old manifests; undefined if there is neither. */
function find(annotations: Annotations, name: string): Found | undefined {
  const camel = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  for (const key of [`${GROUP}/${name}`, `${GROUP}/${camel}`]) {
    const value = annotations[key];
    if (value !== undefined) return { key, value };
  }
  return undefined;
}

/** The errors in a template's autoscaling annotations; paths are the annotations' keys. */
export function validateAutoscaling(annotations: Annotations, limits: ScaleLimits): FieldErrors {
  return [
    ...validateClass(annotations),
    ...validateScales(annotations, limits),
    ...validateFloats(annotations),
    ...validateDurations(annotations),
    ...validateMetric(annotations),
    ...validateAlgorithm(annotations),
    ...validateInitialScale(annotations, limits),
  ];
}

function validateClass(annotations: Annotations): FieldErrors {
  const found = find(annotations, "class");
  if (!found || !found.value.endsWith(GROUP) || found.value === KPA || found.value === HPA) return [];
  return invalidFieldValue(found.value, found.key);
}

function scale(found: Found | undefined): { value: number; errors: FieldErrors } {
  if (!found) return { value: 0, errors: [] };
  if (!/^[+-]?\d+$/.test(found.value)) return { value: 0, errors: invalidFieldValue(found.value, found.key) };
  const value = Number(found.value);
  const fits = value >= 0 && value <= MAX_INT32;
  return fits ? { value, errors: [] } : { value: 0, errors: outOfBounds(found.value, [0, MAX_INT32], found.key) };
}

function validateScales(annotations: Annotations, limits: ScaleLimits): FieldErrors {
  const min = scale(find(annotations, "min-scale"));
  const asked = find(annotations, "max-scale");
  const max = scale(asked);
  const errors = [...min.errors, ...max.errors, ...validateMaxScale(asked, max.value, limits)];
  if (max.value !== 0 && max.value < min.value) {
    const paths = [`${GROUP}/max-scale`, `${GROUP}/min-scale`];
    errors.push(...fieldError(`max-scale=${max.value} is less than min-scale=${min.value}`, paths));
  }
  return [...errors, ...validateActivationScale(find(annotations, "activation-scale"), min.value, max.value)];
}

/** The cluster may set a limit, which also forbids to have none. */
function validateMaxScale(found: Found | undefined, value: number, { maxScaleLimit }: ScaleLimits): FieldErrors {
  if (!found || maxScaleLimit === 0) return [];
  if (value > maxScaleLimit) return outOfBounds(value, [1, maxScaleLimit], found.key);
  return value === 0 ? fieldError(`max-scale=0 (unlimited), must be less than ${maxScaleLimit}`, [found.key]) : [];
}

function validateActivationScale(found: Found | undefined, min: number, max: number): FieldErrors {
  if (!found) return [];
  const { key, value: raw } = found;
  if (!/^[+-]?\d+$/.test(raw)) return invalidFieldValue(raw, key);
  const value = Number(raw);
  if (value > MAX_INT32 || value < -MAX_INT32) return invalidFieldValue(raw, key);
  if (min > value) return fieldError(`min-scale=${min} is greater than activation-scale=${value}`, [key]);
  if (max < value && max !== 0) return fieldError(`max-scale=${max} is less than activation-scale=${value}`, [key]);
  return value < 2 ? fieldError(`activation-scale=${value} must be greater than 1`, [key]) : [];
}

function validateFloats(annotations: Annotations): FieldErrors {
  const target = find(annotations, "target");
  const burst = find(annotations, "target-burst-capacity");
  return [
    ...between(find(annotations, "panic-window-percentage"), 1, 100),
    ...between(find(annotations, "panic-threshold-percentage"), 110, 1000),
    ...between(target, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
    ...(target && FLOAT.test(target.value) && Number(target.value) < 0.01
      ? fieldError(`target ${target.value} should be at least 0.01`, [target.key])
      : []),
    ...between(find(annotations, "target-utilization-percentage"), 1, 100),
    ...(burst && (!FLOAT.test(burst.value) || (Number(burst.value) < 0 && Number(burst.value) !== -1))
      ? invalidFieldValue(burst.value, burst.key)
      : []),
  ];
}

function between(found: Found | undefined, lower: number, upper: number): FieldErrors {
  if (!found) return [];
  if (!FLOAT.test(found.value)) return invalidFieldValue(found.value, found.key);
  const value = Number(found.value);
  return value >= lower && value <= upper ? [] : outOfBounds(found.value, [lower, upper], found.key);
}

function validateDurations(annotations: Annotations): FieldErrors {
  const retention = find(annotations, "scale-to-zero-pod-retention-period");
  return [
    ...duration(find(annotations, "window"), { from: WINDOW_MIN, name: "6s", seconds: true }),
    ...duration(retention, { from: 0, name: "0s", seconds: false }),
    ...duration(find(annotations, "scale-down-delay"), { from: 0, name: "0s", seconds: true }),
  ];
}

function duration(found: Found | undefined, { from, name, seconds }: { from: number; name: string; seconds: boolean }): FieldErrors {
  if (!found) return [];
  const value = parseDuration(found.value);
  if (value === undefined) return invalidFieldValue(found.value, found.key);
  if (value < from || value > HOUR) return outOfBounds(found.value, [name, "1h0m0s"], found.key);
  return seconds && value % 1000 !== 0 ? fieldError("must be specified with at most second precision", [found.key]) : [];
}

function validateMetric(annotations: Annotations): FieldErrors {
  const found = find(annotations, "metric");
  const scaler = find(annotations, "class")?.value ?? KPA;
  // Classes of other autoscalers have metrics of their own.
  if (!found || (scaler !== KPA && scaler !== HPA)) return [];
  const known = scaler === KPA ? found.value === "concurrency" || found.value === "rps" : found.value !== "";
  return known ? [] : invalidFieldValue(found.value, `${GROUP}/metric`);
}

function validateAlgorithm(annotations: Annotations): FieldErrors {
  const found = find(annotations, "metric-aggregation-algorithm");
  if (!found?.value || find(annotations, "class")?.value !== KPA) return [];
  const known = ["linear", "weightedExponential", "weighted-exponential"].includes(found.value);
  return known ? [] : invalidFieldValue(found.value, found.key);
}

function validateInitialScale(annotations: Annotations, { allowZeroInitialScale }: ScaleLimits): FieldErrors {
  const found = find(annotations, "initial-scale");
  if (!found) return [];
  if (!/^[+-]?\d+$/.test(found.value)) return invalidFieldValue(found.value, found.key);
  const value = Number(found.value);
  if (value < 0) return invalidFieldValue(found.value, `${found.key} must be greater than 0`);
  return value === 0 && !allowZeroInitialScale ? invalidFieldValue(found.value, `${found.key}=0 not allowed by cluster`) : [];
}
