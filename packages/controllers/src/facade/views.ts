import type { ObjectView } from "@ebb/kube";
import { deploymentView } from "./deployment.ts";
import { horizontalPodAutoscalerView } from "./horizontal-pod-autoscaler.ts";
import { imageView } from "./image.ts";
import { ingressView } from "./ingress.ts";
import { placeholderServiceView } from "./placeholder-service.ts";
import { metricView } from "./metric.ts";
import { replicaSetView } from "./replica-set.ts";
import { endpointsViews, privateServiceView, publicServiceView } from "./revision-services.ts";
import { serverlessServiceView } from "./serverless-service.ts";

/** What stands beneath a Revision and a Route upstream, made when it is read (ADR 0008). */
export const SERVING_VIEWS: readonly ObjectView[] = [
  deploymentView,
  replicaSetView,
  horizontalPodAutoscalerView,
  imageView,
  ingressView,
  metricView,
  placeholderServiceView,
  serverlessServiceView,
  publicServiceView,
  privateServiceView,
  ...endpointsViews,
] as readonly ObjectView[];
