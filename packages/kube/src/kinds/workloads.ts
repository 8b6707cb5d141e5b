import { convertAutoscaler } from "../autoscaling/convert-autoscaler.ts";
import type { ControllerRevision, CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet } from "../workloads/workload.ts";
import type { PodDisruptionBudget } from "../policy/admit-disruption-budget.ts";
import { define, inert, NO_PODS, type Kind } from "./kind.ts";

const apps = { group: "apps", version: "v1", builtIn: true, generation: true } as const;
const running = { ...apps, categories: ["all"], statusSubresource: true } as const;
const batch = { ...running, group: "batch" } as const;
const scale = { specReplicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"], selector: ["spec", "selector"] };

export const Deployments = define<Deployment>({
  ...running,
  ...inert("Deployment", NO_PODS),
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  scale,
});
export const ReplicaSets = define<ReplicaSet>({
  ...running,
  ...inert("ReplicaSet", NO_PODS),
  kind: "ReplicaSet",
  plural: "replicasets",
  shortNames: ["rs"],
  scale,
});
export const StatefulSets = define<StatefulSet>({
  ...running,
  ...inert("StatefulSet", NO_PODS),
  kind: "StatefulSet",
  plural: "statefulsets",
  shortNames: ["sts"],
  scale,
});
export const DaemonSets = define<DaemonSet>({
  ...running,
  ...inert("DaemonSet", NO_PODS),
  kind: "DaemonSet",
  plural: "daemonsets",
  shortNames: ["ds"],
});
/** What a controller keeps for itself: nothing acts on it anywhere. */
export const ControllerRevisions = define<ControllerRevision>({
  ...apps,
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  generation: false,
});
export const Jobs = define<Job>({ ...batch, ...inert("Job", NO_PODS), orphansDependents: true, kind: "Job", plural: "jobs" });
export const CronJobs = define<CronJob>({
  ...batch,
  ...inert("CronJob", "no Job is made at its times."),
  kind: "CronJob",
  plural: "cronjobs",
  shortNames: ["cj"],
});
export const HorizontalPodAutoscalers = define({
  group: "autoscaling",
  version: "v2",
  builtIn: true,
  ...inert("HorizontalPodAutoscaler", "a Knative Service scales by its annotations (autoscaling.knative.dev/...)."),
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  shortNames: ["hpa"],
  categories: ["all"],
  statusSubresource: true,
  storageVersion: "v2",
  convert: convertAutoscaler,
});
/** What `kubectl autoscale` speaks. */
export const OldHorizontalPodAutoscalers: Kind = { ...HorizontalPodAutoscalers, version: "v1" };
/** Asked by who evicts a Pod. */
export const PodDisruptionBudgets = define<PodDisruptionBudget>({
  group: "policy",
  version: "v1",
  builtIn: true,
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  shortNames: ["pdb"],
  statusSubresource: true,
  generation: true,
});
