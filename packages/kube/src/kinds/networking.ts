import { define, inert } from "./kind.ts";

export const EndpointSlices = define({
  group: "discovery.k8s.io",
  version: "v1",
  builtIn: true,
  kind: "EndpointSlice",
  plural: "endpointslices",
});

const networking = { group: "networking.k8s.io", version: "v1", builtIn: true, generation: true } as const;

export const NetworkPolicies = define({
  ...networking,
  ...inert("NetworkPolicy", "instances stay reachable as they were."),
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  shortNames: ["netpol"],
});
/** Kubernetes' own Ingress, not Knative's. */
export const Ingresses = define({
  ...networking,
  ...inert("Ingress", "no host leads anywhere by it. Hosts are mapped by DomainMappings (serving.knative.dev/v1beta1)."),
  kind: "Ingress",
  plural: "ingresses",
  shortNames: ["ing"],
  statusSubresource: true,
});
export const IngressClasses = define({
  ...networking,
  ...inert("IngressClass", "Ingresses are not acted on either."),
  kind: "IngressClass",
  plural: "ingressclasses",
  namespaced: false,
});
