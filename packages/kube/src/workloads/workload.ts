import type { Container, PodSpec } from "../core.ts";
import type { KubeObject } from "../meta.ts";
import type { LabelSelector } from "../rbac.ts";

/** apps/v1, batch/v1 and their like, in the parts that admission reads. */
export interface TemplateSpec extends Omit<PodSpec, "containers"> {
  containers?: Container[];
  restartPolicy?: string;
  activeDeadlineSeconds?: number;
  dnsPolicy?: string;
  schedulerName?: string;
  serviceAccount?: string;
}
export interface PodTemplateSpec {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: TemplateSpec;
}
export interface RollingUpdate {
  maxUnavailable?: number | string;
  maxSurge?: number | string;
  partition?: number;
}
export interface UpdateStrategy {
  type?: string;
  rollingUpdate?: RollingUpdate;
}

interface ReplicatedSpec {
  replicas?: number;
  minReadySeconds?: number;
  selector?: LabelSelector;
  template?: PodTemplateSpec;
}
export interface Deployment extends KubeObject {
  spec?: ReplicatedSpec & {
    strategy?: UpdateStrategy;
    revisionHistoryLimit?: number;
    progressDeadlineSeconds?: number;
    paused?: boolean;
  };
}
export interface ReplicaSet extends KubeObject {
  spec?: ReplicatedSpec;
}
export interface ReplicationController extends KubeObject {
  spec?: Omit<ReplicatedSpec, "selector"> & { selector?: Record<string, string> };
}
export interface StatefulSet extends KubeObject {
  spec?: ReplicatedSpec & {
    podManagementPolicy?: string;
    updateStrategy?: UpdateStrategy;
    revisionHistoryLimit?: number;
    serviceName?: string;
    ordinals?: { start?: number };
    persistentVolumeClaimRetentionPolicy?: { whenDeleted?: string; whenScaled?: string };
    volumeClaimTemplates?: { apiVersion?: string; kind?: string; spec?: { volumeMode?: string }; status?: object }[];
  };
}
export interface DaemonSet extends KubeObject {
  spec?: ReplicatedSpec & { updateStrategy?: UpdateStrategy; revisionHistoryLimit?: number };
}
export interface ControllerRevision extends KubeObject {
  data?: unknown;
  revision?: number;
}
export interface PodTemplate extends KubeObject {
  template?: PodTemplateSpec;
}
export interface JobSpec {
  parallelism?: number;
  completions?: number;
  activeDeadlineSeconds?: number;
  backoffLimit?: number;
  backoffLimitPerIndex?: number;
  ttlSecondsAfterFinished?: number;
  completionMode?: string;
  suspend?: boolean;
  podFailurePolicy?: object;
  podReplacementPolicy?: string;
  manualSelector?: boolean;
  selector?: LabelSelector;
  template?: PodTemplateSpec;
}
export interface Job extends KubeObject {
  spec?: JobSpec;
}
export interface CronJob extends KubeObject {
  spec?: {
    schedule?: string;
    timeZone?: string;
    startingDeadlineSeconds?: number;
    concurrencyPolicy?: string;
    suspend?: boolean;
    successfulJobsHistoryLimit?: number;
    failedJobsHistoryLimit?: number;
    jobTemplate?: { metadata?: object; spec?: JobSpec };
  };
}
