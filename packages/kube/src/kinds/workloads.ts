import { convertAutoscaler } from "../autoscaling/convert-autoscaler.ts";
import { define, type Kind } from "./kind.ts";

export const Deployments = define({
  group: "apps",
  version: "v1",
  builtIn: true,
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  statusSubresource: true,
  scale: { specReplicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"], selector: ["spec", "selector"] },
  generation: true,
});
export const ReplicaSets = define({
  group: "apps",
  version: "v1",
  builtIn: true,
  kind: "ReplicaSet",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  statusSubresource: true,
  scale: { specReplicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"], selector: ["spec", "selector"] },
  generation: true,
});
export const HorizontalPodAutoscalers = define({
  group: "autoscaling",
  version: "v2",
  builtIn: true,
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
