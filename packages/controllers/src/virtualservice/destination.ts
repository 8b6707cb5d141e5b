import type { Target } from "@ebb/gateway";
import type { DestinationRule, IstioDestination } from "@ebb/kube";
import { CLUSTER_DOMAIN } from "../config/network.ts";
import { GATEWAY_NAMESPACE } from "../gateway/bindings.ts";

export interface DestinationSources {
  /** The DestinationRule for a host (in full), as a VirtualService of `namespace` sees it. */
  rule(namespace: string, host: string): DestinationRule | undefined;
}

const LOCAL_PORT = 8081;
/** A revision's Service: HTTP/1.1, HTTP/2, TLS (knative networking/ports.go). */
const SERVICE_PORTS: ReadonlySet<number> = new Set([80, 81, 443]);
const REVISION = "serving.knative.dev/revision";

/** Where a destination leads, by Istio's rule for names: one without a dot is of the VirtualService's namespace, others are in full. */
export function targetOf(destination: IstioDestination, namespace: string, sources: DestinationSources): Target {
  const host = fullHost(destination.host, namespace);
  const suffix = `.${CLUSTER_DOMAIN}`;
  const [name = "", of = "", ...more] = host.slice(0, -suffix.length).split(".");
  if (!host.endsWith(suffix) || of === "" || more.length > 0) {
    return { unavailable: `${destination.host} is not a Service of this cluster: name it as name.namespace.${CLUSTER_DOMAIN}` };
  }
  const port = destination.port?.number ?? 80;
  if (of === GATEWAY_NAMESPACE && name === "knative-local-gateway" && port === 80) return { gateway: "local" };
  if (of === GATEWAY_NAMESPACE && name === "istio-ingressgateway" && (port === 80 || port === 443)) return { gateway: "external" };
  if (of === GATEWAY_NAMESPACE && name === "istio-ingressgateway" && port === LOCAL_PORT) return { gateway: "local" };
  if (!SERVICE_PORTS.has(port)) return { unavailable: `the Service ${of}/${name} has no port ${port}: the ports are 80 and 81` };
  if (destination.subset === undefined) return { service: `${of}/${name}` };
  return subsetOf(destination.subset, { host, namespace: of }, sources.rule(namespace, host));
}

export function fullHost(host: string, namespace: string): string {
  return (host.includes(".") ? host : `${host}.${namespace}.${CLUSTER_DOMAIN}`).toLowerCase();
}

/** A subset is a revision here: its labels say which. */
function subsetOf(subset: string, { host, namespace }: { host: string; namespace: string }, rule: DestinationRule | undefined): Target {
  const found = rule?.spec.subsets?.find(({ name }) => name === subset);
  if (!found) return { unavailable: `no DestinationRule has a subset ${subset} of ${host}` };
  const revision = found.labels?.[REVISION];
  return revision
    ? { service: `${namespace}/${revision}` }
    : { unavailable: `the subset ${subset} of ${host} has no label ${REVISION}, by which a revision is found` };
}
