import type { Container, PodSpec } from "./core.ts";
import type { Condition, KubeObject } from "./meta.ts";

/** serving.knative.dev/v1 (knative/specs, specs/serving/knative-api-specification-1.0.md). */
export interface RevisionSpec extends PodSpec {
  imagePullSecrets?: { name?: string }[];
  containers: Container[];
  containerConcurrency?: number;
  timeoutSeconds?: number;
  responseStartTimeoutSeconds?: number;
  idleTimeoutSeconds?: number;
}
export interface RevisionTemplate {
  metadata?: { name?: string; generateName?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: RevisionSpec;
}
export interface TrafficTarget {
  tag?: string;
  revisionName?: string;
  configurationName?: string;
  latestRevision?: boolean;
  percent?: number;
  /** In status only, for targets with a tag. */
  url?: string;
}
export interface ConditionedStatus {
  observedGeneration?: number;
  conditions?: Condition[];
  annotations?: Record<string, string>;
}

export interface KnativeService extends KubeObject {
  apiVersion: "serving.knative.dev/v1";
  kind: "Service";
  spec: { template: RevisionTemplate; traffic?: TrafficTarget[] };
  status?: ConditionedStatus & ConfigurationStatusFields & RouteStatusFields;
}
export interface ConfigurationStatusFields {
  latestReadyRevisionName?: string;
  latestCreatedRevisionName?: string;
}
export interface Configuration extends KubeObject {
  apiVersion: "serving.knative.dev/v1";
  kind: "Configuration";
  spec: { template: RevisionTemplate };
  status?: ConditionedStatus & ConfigurationStatusFields;
}
export interface Revision extends KubeObject {
  apiVersion: "serving.knative.dev/v1";
  kind: "Revision";
  spec: RevisionSpec;
  status?: ConditionedStatus & {
    containerStatuses?: { name: string; imageDigest?: string }[];
    initContainerStatuses?: { name: string; imageDigest?: string }[];
    actualReplicas?: number;
    desiredReplicas?: number;
    logUrl?: string;
  };
}
export interface RouteStatusFields {
  /** `http://host`, without a port: the port is the ingress's, as upstream. */
  url?: string;
  address?: { url: string };
  traffic?: TrafficTarget[];
}
export interface Route extends KubeObject {
  apiVersion: "serving.knative.dev/v1";
  kind: "Route";
  spec: { traffic?: TrafficTarget[] };
  status?: ConditionedStatus & RouteStatusFields;
}

/** autoscaling.internal.knative.dev/v1alpha1: one for each Revision, of the same name. */
export interface PodAutoscaler extends KubeObject {
  apiVersion: "autoscaling.internal.knative.dev/v1alpha1";
  kind: "PodAutoscaler";
  spec: {
    containerConcurrency?: number;
    scaleTargetRef: { apiVersion: string; kind: string; name: string };
    reachability?: "Reachable" | "Unreachable" | "";
    protocolType?: string;
  };
  status?: ConditionedStatus & { serviceName?: string; desiredScale?: number; actualScale?: number };
}
