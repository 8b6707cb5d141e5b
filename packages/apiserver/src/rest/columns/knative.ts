import { field, label, list, READY, type Columns } from "./column.ts";

const LATEST = [field("LatestCreated", "status.latestCreatedRevisionName"), field("LatestReady", "status.latestReadyRevisionName")];

/** After the printer columns of Knative's and Istio's custom resource definitions. */
export const KNATIVE_COLUMNS: Columns = {
  "serving.knative.dev/Service": [field("URL", "status.url"), ...LATEST, ...READY],
  "serving.knative.dev/Configuration": [...LATEST, ...READY],
  "serving.knative.dev/Route": [field("URL", "status.url"), ...READY],
  "serving.knative.dev/Revision": [
    label("Config Name", "serving.knative.dev/configuration"),
    label("Generation", "serving.knative.dev/configurationGeneration"),
    ...READY,
    field("Actual Replicas", "status.actualReplicas", "integer"),
    field("Desired Replicas", "status.desiredReplicas", "integer"),
  ],
  "serving.knative.dev/DomainMapping": [field("URL", "status.url"), ...READY],
  "networking.istio.io/VirtualService": [list("Gateways", "spec.gateways"), list("Hosts", "spec.hosts")],
  "networking.istio.io/DestinationRule": [field("Host", "spec.host")],
  "autoscaling.internal.knative.dev/PodAutoscaler": [
    field("DesiredScale", "status.desiredScale", "integer"),
    field("ActualScale", "status.actualScale", "integer"),
    ...READY,
  ],
  "autoscaling.internal.knative.dev/Metric": READY,
  "networking.internal.knative.dev/ServerlessService": [
    field("Mode", "spec.mode"),
    field("Activators", "spec.numActivators", "integer"),
    field("ServiceName", "status.serviceName"),
    field("PrivateServiceName", "status.privateServiceName"),
    ...READY,
  ],
  "networking.internal.knative.dev/Ingress": READY,
  "networking.internal.knative.dev/Certificate": READY,
  "caching.internal.knative.dev/Image": [field("Image", "spec.image")],
};
