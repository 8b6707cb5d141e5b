import { arch, cpus, hostname, release, totalmem } from "node:os";
import { rfc3339 } from "@ebb/base";
import { CoreServices, Namespaces, Nodes, type CoreService, type KubeClient, type KubeObject } from "@ebb/kube";
import type { ServerConfig } from "./config.ts";

/** Where Knative's clients and tests look for the way in (contract of knative.dev/pkg test/ingress). */
const MESH_NAMESPACE = "istio-system";
const NODE = "ebb";
/** As many instances as a kubelet takes by default. */
const MOST_PODS = 110;

/** The Services through which applications are reached: port 80 of theirs is the gateway's real one. Pure. */
export function gatewayServices(config: Pick<ServerConfig, "host" | "gatewayPort" | "internalPort">): CoreService[] {
  const local = config.host === "0.0.0.0" || config.host === "::";
  const make = (name: string, nodePort: number, ip: string): CoreService => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: MESH_NAMESPACE, labels: { istio: "ingressgateway" } },
    spec: {
      type: "LoadBalancer",
      sessionAffinity: "None",
      ports: [{ name: "http2", protocol: "TCP", port: 80, targetPort: nodePort, nodePort }],
    },
    status: { loadBalancer: { ingress: [{ ip }] } },
  });
  return [
    make("istio-ingressgateway", config.gatewayPort, local ? "127.0.0.1" : config.host),
    make("knative-local-gateway", config.internalPort, "127.0.0.1"),
  ];
}

export interface Machine {
  hostname: string;
  architecture: string;
  kernel: string;
  cores: number;
  memoryBytes: number;
}

export function thisMachine(): Machine {
  const architecture = arch() === "x64" ? "amd64" : arch();
  return { hostname: hostname(), architecture, kernel: release(), cores: cpus().length, memoryBytes: totalmem() };
}

/** The one Node that there is; pure. */
export function makeNode(machine: Machine, address: string, now: number): KubeObject {
  const { hostname, architecture, kernel, cores, memoryBytes } = machine;
  const time = rfc3339(now);
  const size = { cpu: String(cores), memory: `${Math.floor(memoryBytes / 1024)}Ki`, pods: String(MOST_PODS) };
  const condition = (type: string, status: "True" | "False", reason: string) => ({
    type,
    status,
    reason,
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  });
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: NODE,
      labels: { "kubernetes.io/hostname": hostname, "kubernetes.io/os": "linux", "kubernetes.io/arch": architecture },
    },
    spec: {},
    status: {
      capacity: size,
      allocatable: size,
      addresses: [
        { type: "InternalIP", address },
        { type: "Hostname", address: hostname },
      ],
      conditions: [
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID"),
        condition("Ready", "True", "KubeletReady"),
      ],
      nodeInfo: { architecture, kernelVersion: kernel, operatingSystem: "linux", osImage: "", kubeletVersion: "ebb" },
    },
  };
}

/** Makes them, or puts them right: ports and sizes may have changed since the last start. */
export async function ensureLandmarks(
  client: KubeClient,
  config: ServerConfig,
  { machine, now }: { machine: Machine; now: number },
): Promise<void> {
  if (!(await client.get(Namespaces, undefined, MESH_NAMESPACE))) {
    await client.create(Namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: MESH_NAMESPACE } });
  }
  const [gateway] = gatewayServices(config);
  const address = gateway?.status?.loadBalancer?.ingress?.[0]?.ip ?? "127.0.0.1";
  for (const service of gatewayServices(config)) {
    const existing = await client.get(CoreServices, MESH_NAMESPACE, service.metadata.name);
    const stored = existing
      ? await client.update(CoreServices, { ...existing, spec: { ...existing.spec, ...service.spec } })
      : await client.create(CoreServices, service);
    await client.updateStatus(CoreServices, { ...stored, ...(service.status ? { status: service.status } : {}) });
  }
  const node = makeNode(machine, address, now);
  const stored = (await client.get(Nodes, undefined, NODE)) ?? (await client.create(Nodes, node));
  await client.updateStatus(Nodes, { ...stored, status: node.status });
}
