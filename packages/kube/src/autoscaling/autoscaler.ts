import type { KubeObject } from "../meta.ts";

/** autoscaling/v2, in the parts that are read here. */
export interface ScaleTarget {
  apiVersion?: string;
  kind?: string;
  name?: string;
}
export interface ScaleMetric {
  type?: string;
  resource?: { name?: string; target?: { type?: string; averageUtilization?: number }; current?: { averageUtilization?: number } };
}
export interface AutoscalerSpec {
  scaleTargetRef?: ScaleTarget;
  minReplicas?: number;
  maxReplicas?: number;
  metrics?: ScaleMetric[];
  behavior?: object;
}
export interface AutoscalerStatus {
  currentMetrics?: ScaleMetric[];
  conditions?: object[];
}
export interface Autoscaler extends KubeObject {
  spec?: AutoscalerSpec;
  status?: AutoscalerStatus;
}
