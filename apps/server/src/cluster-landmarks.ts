import { readFileSync } from "node:fs";
import { arch, cpus, hostname, release } from "node:os";
import { rfc3339 } from "@ebb/base";
import {
  CoreServices,
  DEFAULT_CLASS,
  Endpoints,
  EndpointSlices,
  Namespaces,
  Nodes,
  SERVING_NAMESPACE,
  StorageClasses,
  type CoreService,
  type KubeClient,
  type KubeNode,
  type KubeObject,
  type StorageClass,
} from "@ebb/kube";
import { ACTIVATOR_SERVICE, NODE, PROVISIONER } from "@ebb/controllers";
import { instanceMemory, machineMemory } from "@ebb/runtime";
import { CLUSTER_HTTP_PORT, type ServerConfig } from "./config.ts";

/** Where Knative's clients and tests look for the way in (contract of knative.dev/pkg test/ingress). */
const MESH_NAMESPACE = "istio-system";
/** As many instances as a kubelet takes by default. */
const MOST_PODS = 110;

type Ways = Pick<ServerConfig, "host" | "gatewayPort" | "tlsPort" | "internalPort" | "clusterAddress">;

/** The Services through which applications are reached: ports 80 and 443 of theirs are the gateway's real ones. Pure. */
export function gatewayServices(config: Ways): CoreService[] {
  const local = config.host === "0.0.0.0" || config.host === "::";
  const port = (name: string, number: number, nodePort: number) => ({
    name,
    protocol: "TCP",
    port: number,
    targetPort: nodePort,
    nodePort,
  });
  const make = (name: string, ports: NonNullable<CoreService["spec"]>["ports"], ip: string): CoreService => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: MESH_NAMESPACE, labels: { istio: "ingressgateway" } },
    spec: {
      type: "LoadBalancer",
      sessionAffinity: "None",
      ...(ports ? { ports } : {}),
    },
    status: { loadBalancer: { ingress: [{ ip }] } },
  });
  return [
    make(
      "istio-ingressgateway",
      [port("http2", 80, config.gatewayPort), ...(config.tlsPort === undefined ? [] : [port("https", 443, config.tlsPort)])],
      local ? "127.0.0.1" : config.host,
    ),
    make("knative-local-gateway", [port("http2", 80, config.internalPort)], "127.0.0.1"),
  ];
}

/** The gateway as Knative's activator, which clients compare the endpoints of a Revision's Service with to see whether requests go through it. Pure. */
export function activatorEndpoints({ clusterAddress, internalPort }: Ways): {
  service: CoreService;
  endpoints: KubeObject;
  slice: KubeObject;
} {
  const labels = { app: "activator", "app.kubernetes.io/component": "activator", "app.kubernetes.io/name": "knative-serving" };
  const metadata = { name: ACTIVATOR_SERVICE, namespace: SERVING_NAMESPACE, labels };
  const ip = clusterAddress ?? "127.0.0.1";
  const port = clusterAddress === undefined ? internalPort : CLUSTER_HTTP_PORT;
  const ports = ["http", "http2"].map((name) => ({ name, port, protocol: "TCP" }));
  return {
    service: {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        type: "ClusterIP",
        sessionAffinity: "None",
        ports: ports.map((each, index) => ({ ...each, port: 80 + index, targetPort: port })),
      },
    },
    endpoints: { apiVersion: "v1", kind: "Endpoints", metadata, subsets: [{ addresses: [{ ip, nodeName: NODE }], ports }] } as KubeObject,
    slice: {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, name: `${ACTIVATOR_SERVICE}-ebb`, labels: { ...labels, "kubernetes.io/service-name": ACTIVATOR_SERVICE } },
      addressType: "IPv4",
      ports,
      endpoints: [{ addresses: [ip], nodeName: NODE, conditions: { ready: true, serving: true, terminating: false } }],
    } as KubeObject,
  };
}

export interface Machine {
  hostname: string;
  architecture: string;
  kernel: string;
  /** As /etc/os-release calls it. */
  osImage: string;
  cores: number;
  memoryBytes: number;
}

export function thisMachine(): Machine {
  const architecture = arch() === "x64" ? "amd64" : arch();
  return {
    hostname: hostname(),
    architecture,
    kernel: release(),
    osImage: osImageOf("/etc/os-release"),
    cores: cpus().length,
    memoryBytes: machineMemory(),
  };
}

/** What all of the machine uses, or of the container that Ebb runs in (its memory); CPU since it was started. */
export function machineUsage(): { cpuMs: number; memoryBytes: number } {
  const cpuMs = cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
  return { cpuMs, memoryBytes: Math.max(0, machineMemory() - process.availableMemory()) };
}

function osImageOf(path: string): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync(path, "utf8"))?.[1] ?? "";
  } catch {
    return "";
  }
}

/** Of claims that name none: folders of this machine. */
const LOCAL_CLASS: StorageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "local", annotations: { [DEFAULT_CLASS]: "true" } },
  provisioner: PROVISIONER,
  reclaimPolicy: "Delete",
  volumeBindingMode: "Immediate",
  allowVolumeExpansion: true,
};

/** Where the one Node is reached, as its InternalIP says. */
export function nodeAddress(config: Ways): string {
  const [gateway] = gatewayServices(config);
  return gateway?.status?.loadBalancer?.ingress?.[0]?.ip ?? "127.0.0.1";
}

/** The one Node that there is; pure. */
export function makeNode(machine: Machine, address: string, now: number): KubeNode {
  const { hostname, architecture, kernel, osImage, cores, memoryBytes } = machine;
  const time = rfc3339(now);
  const size = { cpu: String(cores), memory: `${Math.floor(memoryBytes / 1024)}Ki`, pods: String(MOST_PODS) };
  const condition = (type: string, status: "True" | "False", reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  });
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: NODE,
      labels: {
        "kubernetes.io/hostname": hostname,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
        "node-role.kubernetes.io/control-plane": "",
      },
    },
    spec: {},
    status: {
      capacity: size,
      allocatable: { ...size, memory: `${Math.floor(instanceMemory(memoryBytes) / 1024)}Ki` },
      addresses: [
        { type: "InternalIP", address },
        { type: "Hostname", address: hostname },
      ],
      conditions: [
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
      ],
      nodeInfo: {
        machineID: "",
        systemUUID: "",
        bootID: "",
        kubeProxyVersion: "",
        architecture,
        kernelVersion: kernel,
        operatingSystem: "linux",
        osImage,
        containerRuntimeVersion: "ebb://1",
        kubeletVersion: "v1.32.0+ebb",
      },
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
  for (const service of gatewayServices(config)) {
    const existing = await client.get(CoreServices, MESH_NAMESPACE, service.metadata.name);
    const stored = existing
      ? await client.update(CoreServices, { ...existing, spec: { ...existing.spec, ...service.spec } })
      : await client.create(CoreServices, service);
    await client.updateStatus(CoreServices, { ...stored, ...(service.status ? { status: service.status } : {}) });
  }
  const { service, endpoints, slice } = activatorEndpoints(config);
  for (const [kind, object] of [
    [CoreServices, service],
    [Endpoints, endpoints],
    [EndpointSlices, slice],
  ] as const) {
    const { namespace, name } = object.metadata;
    const existing = await client.get<KubeObject>(kind, namespace, name);
    const { metadata, ...rest } = object;
    if (existing) await client.update<KubeObject>(kind, { ...existing, ...rest });
    else await client.create<KubeObject>(kind, { ...rest, metadata });
  }
  const classes = await client.list(StorageClasses);
  // Whoever has their own may have taken ours away.
  if (classes.items.length === 0) await client.create(StorageClasses, LOCAL_CLASS);
  const node = makeNode(machine, nodeAddress(config), now);
  const existing = await client.get(Nodes, undefined, NODE);
  const labels = { ...existing?.metadata.labels, ...node.metadata.labels };
  const stored = existing
    ? await client.update(Nodes, { ...existing, metadata: { ...existing.metadata, labels } })
    : await client.create(Nodes, node);
  await client.updateStatus(Nodes, { ...stored, status: node.status });
}
