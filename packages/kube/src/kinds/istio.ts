import type { AuthorizationPolicy, DestinationRule, EnvoyFilter, IstioGateway, VirtualService } from "../istio/istio.ts";
import { define, type Kind } from "./kind.ts";

const istio = {
  group: "networking.istio.io",
  version: "v1",
  statusSubresource: true,
  generation: true,
  categories: ["istio-io", "networking-istio-io"],
  storageVersion: "v1",
} as const;
export const VirtualServices = define<VirtualService>({ ...istio, kind: "VirtualService", plural: "virtualservices", shortNames: ["vs"] });
export const IstioGateways = define<IstioGateway>({ ...istio, kind: "Gateway", plural: "gateways", shortNames: ["gw"] });
export const DestinationRules = define<DestinationRule>({
  ...istio,
  kind: "DestinationRule",
  plural: "destinationrules",
  shortNames: ["dr"],
});
/** These and EnvoyFilters only a real Istio has. */
export const AuthorizationPolicies = define<AuthorizationPolicy>({
  ...istio,
  group: "security.istio.io",
  kind: "AuthorizationPolicy",
  plural: "authorizationpolicies",
});
export const EnvoyFilters = define<EnvoyFilter>({
  ...istio,
  version: "v1alpha3",
  storageVersion: "v1alpha3",
  kind: "EnvoyFilter",
  plural: "envoyfilters",
});

/** Served in each of Istio's versions. */
export const ISTIO_KINDS: readonly Kind[] = ["v1", "v1beta1", "v1alpha3"].flatMap((version) =>
  [VirtualServices, IstioGateways, DestinationRules].map((kind) => ({ ...kind, version })),
);
