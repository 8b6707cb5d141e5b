import type { CoreService, KubeObject } from "@ebb/kube";
import { column, field, formatLabels, joined, read, wide, type Columns } from "./column.ts";

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
};

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
