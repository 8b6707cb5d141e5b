import type { IstioGateway } from "@ebb/kube";

/** The part of the gateway that a Gateway's server is served by. */
export type Side = "external" | "cluster-local";

export interface Binding {
  /** `namespace/name` of the Gateway. */
  gateway: string;
  side: Side;
  /** Lower case; `*` and `*.suffix` too. */
  hosts: string[];
  port: number;
  redirectToTls: boolean;
}

const PORTS: Readonly<Record<number, Side>> = {
  80: "external",
  443: "external",
  8080: "external",
  8443: "external",
  8081: "cluster-local",
};

/** What Istio's ingress gateway is labelled; a Gateway that selects other pods is not ours to serve. */
export const GATEWAY_LABELS: Readonly<Record<string, string>> = { istio: "ingressgateway", app: "istio-ingressgateway" };
export const GATEWAY_NAMESPACE = "istio-system";

/** net-istio's two (config/202-gateway.yaml, 203-local-gateway.yaml); they are there even where nobody has written them down. */
const BUILT_IN: Readonly<Record<string, number>> = {
  "knative-serving/knative-ingress-gateway": 80,
  "knative-serving/knative-local-gateway": 8081,
};

/** The Gateways that a VirtualService of `namespace` means: `namespace/name`, `name`, or the old `name.namespace.svc.cluster.local`. */
export function gatewayKey(name: string, namespace: string): string {
  if (name.includes("/")) return name;
  const [gateway = "", of, svc] = name.split(".");
  return svc === "svc" ? `${of}/${gateway}` : `${namespace}/${name}`;
}

/** Where a Gateway's servers serve, for VirtualServices of `namespace`. Undefined when there is no such Gateway. */
export function bindingsOf(key: string, gateway: IstioGateway | undefined, namespace: string): Binding[] | undefined {
  if (!gateway) {
    const port = BUILT_IN[key];
    return port === undefined ? undefined : [{ gateway: key, side: PORTS[port] ?? "external", hosts: ["*"], port, redirectToTls: false }];
  }
  const { selector = {}, servers = [] } = gateway.spec;
  if (Object.entries(selector).some(([label, value]) => GATEWAY_LABELS[label] !== value)) return [];
  return servers.flatMap(({ hosts, port, tls }) => {
    const side = PORTS[port.number];
    const isHttp = ["HTTP", "HTTPS", "HTTP2", "GRPC"].includes(port.protocol.toUpperCase());
    if (!side || !isHttp) return [];
    const own = gateway.metadata.namespace ?? "";
    const bound = hosts.flatMap((host) => hostFor(host, { own, namespace }));
    return [{ gateway: key, side, hosts: bound, port: port.number, redirectToTls: tls?.httpsRedirect === true }];
  });
}

/** `namespace/host` is for VirtualServices of that namespace alone; `.` is the Gateway's own, `*` any. */
function hostFor(host: string, { own, namespace }: { own: string; namespace: string }): string[] {
  const slash = host.indexOf("/");
  if (slash < 0) return [host.toLowerCase()];
  const wanted = host.slice(0, slash);
  const fits = wanted === "*" || (wanted === "." ? own : wanted) === namespace;
  return fits ? [host.slice(slash + 1).toLowerCase()] : [];
}

/** What two names of hosts have in common: the narrower of them, if it is within the other. */
export function commonHost(a: string, b: string): string | undefined {
  if (within(a, b)) return a;
  return within(b, a) ? b : undefined;
}

function within(host: string, pattern: string): boolean {
  return pattern === host || pattern === "*" || (pattern.startsWith("*.") && host.endsWith(pattern.slice(1)));
}
