import { formatLabelSelector, type CoreService, type KubeObject } from "@ebb/kube";
import { column, field, formatLabels, joined, read, valueAt, wide, type Columns } from "./column.ts";

export const NETWORK_COLUMNS: Columns = {
  "/Service": [
    field("Type", "spec.type"),
    column("Cluster-IP", (object) => read(object, ["spec", "clusterIP"]) || "<none>"),
    column("External-IP", externalIp),
    column("Port(s)", ports),
    wide("Selector", ({ spec }) => formatLabels((spec as CoreService["spec"])?.selector)),
  ],
  "/Endpoints": [column("Endpoints", (object) => endpointsOf(object))],
  "discovery.k8s.io/EndpointSlice": [
    field("AddressType", "addressType"),
    column("Ports", (object) => slicePorts(object)),
    column("Endpoints", (object) => firstOf(sliceAddresses(object))),
  ],
  "networking.k8s.io/NetworkPolicy": [
    column("Pod-Selector", (object) => formatLabelSelector(valueAt(object, ["spec", "podSelector"])) || "<none>"),
  ],
  "networking.k8s.io/Ingress": [
    column("Class", (object) => read(object, ["spec", "ingressClassName"]) || "<none>"),
    column("Hosts", ingressHosts),
    column("Address", (object) => {
      const addresses = (valueAt(object, ["status", "loadBalancer", "ingress"]) ?? []) as { ip?: string; hostname?: string }[];
      return addresses.map(({ ip, hostname = "" }) => ip ?? hostname).join(",");
    }),
    column("Ports", (object) => (((valueAt(object, ["spec", "tls"]) ?? []) as unknown[]).length > 0 ? "80, 443" : "80")),
  ],
  "networking.k8s.io/IngressClass": [
    field("Controller", "spec.controller"),
    column("Parameters", (object) => {
      const parameters = valueAt(object, ["spec", "parameters"]) as { apiGroup?: string; kind: string; name: string } | undefined;
      if (!parameters) return "<none>";
      return `${parameters.kind}${parameters.apiGroup === undefined ? "" : `.${parameters.apiGroup}`}/${parameters.name}`;
    }),
  ],
};

function ingressHosts(object: KubeObject): string {
  const rules = (valueAt(object, ["spec", "rules"]) ?? []) as { host?: string }[];
  const hosts = rules.flatMap(({ host }) => (host ? [host] : []));
  return hosts.length === 0 ? "*" : firstOf(hosts);
}

function externalIp({ spec, status }: CoreService | KubeObject): string {
  const { type = "ClusterIP", externalName, externalIPs = [] } = (spec ?? {}) as NonNullable<CoreService["spec"]>;
  if (type === "ExternalName") return externalName ?? "";
  const { ingress = [] } = ((status ?? {}) as NonNullable<CoreService["status"]>).loadBalancer ?? {};
  const balanced = type === "LoadBalancer" ? ingress.map(({ ip, hostname }) => ip ?? hostname ?? "") : [];
  return [...externalIPs, ...balanced].join(",") || (type === "LoadBalancer" ? "<pending>" : "<none>");
}

function ports({ spec }: CoreService | KubeObject): string {
  const { ports = [] } = (spec ?? {}) as NonNullable<CoreService["spec"]>;
  return joined(ports.map(({ port, nodePort, protocol = "TCP" }) => `${port}${nodePort ? `:${nodePort}` : ""}/${protocol}`));
}

interface Subset {
  addresses?: { ip: string }[];
  ports?: { port: number }[];
}

/** Three, and how many more there are. */
const SHOWN = 3;

function firstOf(texts: readonly string[]): string {
  if (texts.length === 0) return "<none>";
  const rest = texts.length - SHOWN;
  return `${texts.slice(0, SHOWN).join(",")}${rest > 0 ? ` + ${rest} more...` : ""}`;
}

function endpointsOf(object: KubeObject): string {
  const { subsets = [] } = object as unknown as { subsets?: Subset[] };
  const pairs = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0 ? addresses.map(({ ip }) => ip) : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip}:${port}`)),
  );
  return firstOf(pairs);
}

function slicePorts(object: KubeObject): string {
  const { ports = [] } = object as unknown as { ports?: { port?: number }[] };
  return firstOf(ports.map(({ port }) => (port === undefined ? "*" : String(port)))).replace("<none>", "<unset>");
}

function sliceAddresses(object: KubeObject): string[] {
  const { endpoints = [] } = object as unknown as { endpoints?: { addresses?: string[] }[] };
  return endpoints.flatMap(({ addresses = [] }) => addresses);
}
