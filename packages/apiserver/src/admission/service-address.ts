import { CoreServices, Endpoints, EndpointSlices, type CoreService, type KubeObject } from "@ebb/kube";
import { keyOf, resourceOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";

export interface ServicePlace {
  host: string;
  port: number;
}
interface EndpointPort {
  name?: string;
  port?: number;
}
interface EndpointsObject extends KubeObject {
  subsets?: { addresses?: { ip: string }[]; ports?: EndpointPort[] }[];
}
interface SliceObject extends KubeObject {
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[];
  ports?: EndpointPort[];
}

/**
 * Where a Service is to be reached from this process, which no cluster network routes for: its external name, an address behind it, or its own
 * address, in this order. After k8s.io/kube-aggregator's endpoint resolver. Throws an Error that says what is missing.
 */
export function serviceAddress(
  store: Store,
  { namespace = "", name = "", port = 443 }: { namespace?: string; name?: string; port?: number },
): ServicePlace {
  const service = store.get(keyOf(CoreServices, namespace, name)) as CoreService | undefined;
  if (!service) throw new Error(`service ${JSON.stringify(name)} not found`);
  const { type, externalName, clusterIP, ports = [] } = service.spec ?? {};
  if (type === "ExternalName" && externalName) return { host: externalName, port };
  const asked = ports.find((each) => each.port === port);
  if (!asked) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
  const behind = endpointOf(store, { namespace, name, portName: asked.name ?? "" });
  if (behind) return behind;
  if (clusterIP && clusterIP !== "None") return { host: clusterIP, port };
  throw new Error(`no endpoints available for service ${JSON.stringify(name)}`);
}

function endpointOf(
  store: Store,
  { namespace, name, portName }: { namespace: string; name: string; portName: string },
): ServicePlace | undefined {
  const portIn = (ports: readonly EndpointPort[] = []) => ports.find((each) => (each.name ?? "") === portName)?.port;
  const endpoints: EndpointsObject | undefined = store.get(keyOf(Endpoints, namespace, name));
  for (const { addresses = [], ports } of endpoints?.subsets ?? []) {
    const port = portIn(ports);
    if (addresses[0] && port !== undefined) return { host: addresses[0].ip, port };
  }
  const slices = store.list(resourceOf(EndpointSlices), namespace).objects as readonly SliceObject[];
  for (const slice of slices) {
    if (slice.metadata.labels?.["kubernetes.io/service-name"] !== name) continue;
    const port = portIn(slice.ports);
    const host = slice.endpoints?.find(({ conditions }) => conditions?.ready !== false)?.addresses[0];
    if (host !== undefined && port !== undefined) return { host, port };
  }
  return undefined;
}
