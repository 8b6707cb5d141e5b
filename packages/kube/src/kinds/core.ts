import type {
  ConfigMap,
  KubeNode,
  CoreService,
  KubeEvent,
  LimitRange,
  Namespace,
  Pod,
  ResourceQuota,
  Secret,
  ServiceAccount,
} from "../core.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../storage.ts";
import type { PodTemplate, ReplicationController } from "../workloads/workload.ts";
import { convertEvent } from "../events/convert-event.ts";
import { define, inert, NO_PODS } from "./kind.ts";

const core = { group: "", version: "v1", builtIn: true } as const;

export const Namespaces = define<Namespace>({
  ...core,
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  namespaced: false,
  statusSubresource: true,
});
export const ConfigMaps = define<ConfigMap>({ ...core, kind: "ConfigMap", plural: "configmaps", shortNames: ["cm"] });
export const Secrets = define<Secret>({ ...core, kind: "Secret", plural: "secrets" });
export const Events = define<KubeEvent>({ ...core, kind: "Event", plural: "events", shortNames: ["ev"] });
export const Pods = define<Pod>({
  ...core,
  ...inert("Pod", "it is not started. What runs here are Knative Services (serving.knative.dev/v1)."),
  kind: "Pod",
  plural: "pods",
  shortNames: ["po"],
  categories: ["all"],
  statusSubresource: true,
});
/** The same Events under their newer name, which client-go's recorders write. */
export const NewEvents = define({
  group: "events.k8s.io",
  version: "v1",
  builtIn: true,
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  storageGroup: "",
  storageVersion: "v1",
  convert: convertEvent,
});
export const ServiceAccounts = define<ServiceAccount>({ ...core, kind: "ServiceAccount", plural: "serviceaccounts", shortNames: ["sa"] });
/** Kubernetes' own Service, not Knative's. */
export const CoreServices = define<CoreService>({
  ...core,
  inert: "Service is stored, but it gets no address and leads no traffic: only webhooks look up what is behind it",
  kind: "Service",
  plural: "services",
  shortNames: ["svc"],
  categories: ["all"],
  statusSubresource: true,
});
export const Endpoints = define({ ...core, kind: "Endpoints", plural: "endpoints", shortNames: ["ep"] });
export const Nodes = define<KubeNode>({
  ...core,
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  namespaced: false,
  statusSubresource: true,
});
export const PersistentVolumeClaims = define<PersistentVolumeClaim>({
  ...core,
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  shortNames: ["pvc"],
  statusSubresource: true,
});
export const PersistentVolumes = define<PersistentVolume>({
  ...core,
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  shortNames: ["pv"],
  namespaced: false,
  statusSubresource: true,
});
export const ResourceQuotas = define<ResourceQuota>({
  ...core,
  kind: "ResourceQuota",
  plural: "resourcequotas",
  shortNames: ["quota"],
  statusSubresource: true,
});
export const LimitRanges = define<LimitRange>({ ...core, kind: "LimitRange", plural: "limitranges", shortNames: ["limits"] });

export const ReplicationControllers = define<ReplicationController>({
  ...core,
  ...inert("ReplicationController", NO_PODS),
  orphansDependents: true,
  kind: "ReplicationController",
  plural: "replicationcontrollers",
  shortNames: ["rc"],
  categories: ["all"],
  statusSubresource: true,
  scale: { specReplicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"], selector: ["spec", "selector"] },
  generation: true,
});
export const PodTemplates = define<PodTemplate>({ ...core, kind: "PodTemplate", plural: "podtemplates", generation: true });
