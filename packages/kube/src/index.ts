export type { DeleteOptions, KubeClient, ListOptions, WatchOptions } from "./client.ts";
export { createConditions, type Cause, type Conditions, type ConditionSet, type ConditionTypes } from "./conditions.ts";
export type * from "./core.ts";
export { createInformer, type Informer, type InformerEvent, type InformerFilter, type InformerOptions } from "./informer.ts";
export {
  ALL_KINDS,
  apiVersionOf,
  ConfigMaps,
  Configurations,
  Events,
  Namespaces,
  PodAutoscalers,
  Pods,
  Revisions,
  Routes,
  Secrets,
  Services,
  type Kind,
} from "./kinds.ts";
export type * from "./meta.ts";
export { ANNOTATIONS, childName, DNS_1035_LABEL, DNS_LABEL, LABELS } from "./names.ts";
export type * from "./serving.ts";
export { isStatus, StatusError } from "./status-error.ts";
