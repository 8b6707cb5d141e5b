import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import { invalidValue, refuseInvalid, requiredField, type FieldCause } from "../status-errors.ts";
import type { Autoscaler, AutoscalerSpec, ScaleMetric } from "./autoscaler.ts";

/** pkg/apis/autoscaling/v2 SetDefaults_HorizontalPodAutoscaler. */
const DEFAULT_METRIC: ScaleMetric = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
};

/** Fills in the defaults of a HorizontalPodAutoscaler (of v2) and refuses what is wrong; pkg/apis/autoscaling/validation. */
export function admitAutoscaler(object: KubeObject, kind: Kind): KubeObject {
  const autoscaler = object as Autoscaler;
  const { metrics = [] } = autoscaler.spec ?? {};
  const spec = { minReplicas: 1, ...autoscaler.spec, metrics: metrics.length > 0 ? metrics : [DEFAULT_METRIC] };
  const causes = specCauses(spec);
  refuseInvalid(kind, object, causes);
  return { ...autoscaler, spec };
}

function specCauses({ scaleTargetRef = {}, minReplicas = 1, maxReplicas = 0 }: AutoscalerSpec): FieldCause[] {
  const { kind, name } = scaleTargetRef;
  return [
    ...(minReplicas < 1 ? [invalidValue("spec.minReplicas", minReplicas, "must be greater than or equal to 1")] : []),
    ...(maxReplicas < 1 ? [invalidValue("spec.maxReplicas", maxReplicas, "must be greater than 0")] : []),
    ...(maxReplicas < minReplicas ? [invalidValue("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`")] : []),
    ...(kind ? [] : [requiredField("spec.scaleTargetRef.kind")]),
    ...(name ? [] : [requiredField("spec.scaleTargetRef.name")]),
  ];
}
