import type { Certificate } from "../certificate.ts";
import type { ClusterDomainClaim, DomainMapping } from "../domain-mapping.ts";
import type { Configuration, KnativeService, PodAutoscaler, Revision, Route } from "../serving.ts";
import { define } from "./kind.ts";

const serving = { group: "serving.knative.dev", version: "v1", statusSubresource: true, generation: true } as const;

export const Services = define<KnativeService>({
  ...serving,
  kind: "Service",
  plural: "services",
  shortNames: ["kservice", "ksvc"],
  categories: ["all", "knative", "serving"],
});
export const Configurations = define<Configuration>({
  ...serving,
  kind: "Configuration",
  plural: "configurations",
  shortNames: ["config", "cfg"],
  categories: ["all", "knative", "serving"],
});
export const Revisions = define<Revision>({
  ...serving,
  kind: "Revision",
  plural: "revisions",
  shortNames: ["rev"],
  categories: ["all", "knative", "serving"],
});
export const Routes = define<Route>({
  ...serving,
  kind: "Route",
  plural: "routes",
  shortNames: ["rt"],
  categories: ["all", "knative", "serving"],
});
export const DomainMappings = define<DomainMapping>({
  ...serving,
  version: "v1beta1",
  kind: "DomainMapping",
  plural: "domainmappings",
  shortNames: ["dm"],
  categories: ["all", "knative", "serving"],
});
export const PodAutoscalers = define<PodAutoscaler>({
  ...serving,
  group: "autoscaling.internal.knative.dev",
  version: "v1alpha1",
  kind: "PodAutoscaler",
  plural: "podautoscalers",
  shortNames: ["kpa", "pa"],
  categories: ["knative-internal", "autoscaling"],
});
export const ClusterDomainClaims = define<ClusterDomainClaim>({
  ...serving,
  group: "networking.internal.knative.dev",
  version: "v1alpha1",
  kind: "ClusterDomainClaim",
  plural: "clusterdomainclaims",
  shortNames: ["cdc"],
  categories: ["knative-internal", "networking"],
  namespaced: false,
});

const internal = { version: "v1alpha1", statusSubresource: true, generation: true } as const;
export const Metrics = define({
  ...internal,
  group: "autoscaling.internal.knative.dev",
  kind: "Metric",
  plural: "metrics",
  categories: ["knative-internal", "autoscaling"],
});
export const ServerlessServices = define({
  ...internal,
  group: "networking.internal.knative.dev",
  kind: "ServerlessService",
  plural: "serverlessservices",
  shortNames: ["sks"],
  categories: ["knative-internal", "networking"],
});
/** Knative's own Ingress, not Kubernetes'. */
export const KnativeIngresses = define({
  ...internal,
  group: "networking.internal.knative.dev",
  kind: "Ingress",
  plural: "ingresses",
  shortNames: ["kingress", "king"],
  categories: ["knative-internal", "networking"],
});
export const Certificates = define<Certificate>({
  ...internal,
  group: "networking.internal.knative.dev",
  kind: "Certificate",
  plural: "certificates",
  shortNames: ["kcert"],
  categories: ["knative-internal", "networking"],
});
export const CachedImages = define({
  ...internal,
  group: "caching.internal.knative.dev",
  kind: "Image",
  plural: "images",
  categories: ["knative-internal", "caching"],
});
