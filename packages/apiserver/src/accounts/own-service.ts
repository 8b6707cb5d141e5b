import { CoreServices, Endpoints, EndpointSlices, type CoreService, type Kind, type KubeClient, type KubeObject } from "@ebb/kube";

interface Place {
  host: string;
  port: number;
}
const NAME = "kubernetes";
const NAMESPACE = "default";
const METADATA = { name: NAME, namespace: NAMESPACE, labels: { component: "apiserver", provider: "kubernetes" } };

/**
 * The Service `kubernetes` in `default` with its Endpoints: where clients in the cluster find this API, after k8s.io/kubernetes
 * pkg/controlplane/controller/kubernetesservice. `inside` is the place that containers reach, else there is only the main one.
 */
export async function ensureOwnService(client: KubeClient, listening: Place, inside: Place | undefined): Promise<void> {
  const { host, port } = inside ?? listening;
  const ports = [{ name: "https", port, protocol: "TCP" }];
  const service = {
    ports: [{ ...ports[0], targetPort: port }],
    clusterIP: host,
    clusterIPs: [host],
    type: "ClusterIP",
    sessionAffinity: "None",
  };
  await ensure(client, CoreServices, { apiVersion: "v1", kind: "Service", metadata: METADATA, spec: service });
  const endpoints = { apiVersion: "v1", kind: "Endpoints", metadata: METADATA, subsets: [{ addresses: [{ ip: host }], ports }] };
  await ensure(client, Endpoints, endpoints);
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...METADATA, labels: { "kubernetes.io/service-name": NAME } },
    addressType: host.includes(":") ? "IPv6" : "IPv4",
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports,
  };
  await ensure(client, EndpointSlices, slice);
}

/** Somebody may have changed it, and after a start the address may be another, which a Service cannot take on: it makes way for a new one. */
async function ensure(client: KubeClient, kind: Kind, wanted: KubeObject): Promise<void> {
  const current = await client.get(kind, NAMESPACE, NAME);
  const stays = current !== undefined && addressOf(current) === addressOf(wanted);
  if (stays) {
    const labels = { ...current.metadata.labels, ...wanted.metadata.labels };
    await client.update(kind, { ...current, ...wanted, metadata: { ...current.metadata, labels } });
    return;
  }
  if (current) await client.delete(kind, NAMESPACE, NAME);
  await client.create(kind, wanted);
}

function addressOf(object: KubeObject): string | undefined {
  return (object as CoreService).spec?.clusterIP;
}
