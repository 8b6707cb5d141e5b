import {
  CoreServices,
  Endpoints,
  EndpointSlices,
  LABELS,
  Pods,
  Revisions,
  SERVING_NAMESPACE,
  ServerlessServices,
  childName,
  derivedUid,
  userPort,
  type CoreService,
  type Finder,
  type KubeObject,
  type ObjectView,
  type Pod,
  type Revision,
} from "@ebb/kube";
import { controllerRef } from "../engine/keys.ts";
import { protocolOf, servingContainer } from "../revision/workload.ts";
import { ACTIVATOR_SERVICE, beneath, isServing, privateServiceName, suffixed } from "./parts.ts";

const SKS_LABEL = "networking.internal.knative.dev/serverlessservice";
const TYPE_LABEL = "networking.internal.knative.dev/serviceType";
/** knative.dev/serving pkg/networking: the ports of what stands in front of a container. */
const PORTS = { http1: { name: "http", port: 80, targetPort: 8012 }, h2c: { name: "http2", port: 81, targetPort: 8013 } } as const;

/** The Service that leads to a Revision, through the gateway if it sleeps. */
export const publicServiceView: ObjectView<Revision> = {
  kind: CoreServices,
  source: Revisions,
  ...suffixed(""),
  make: (revision) => makeService(revision, "Public"),
};
/** The Service of a Revision's instances alone. */
export const privateServiceView: ObjectView<Revision> = {
  kind: CoreServices,
  source: Revisions,
  ...suffixed("-private"),
  make: (revision) => makeService(revision, "Private"),
};
/** Where each of the two leads: to the instances; the public one to the activator, unless there is room for a burst in the instances. */
export const endpointsViews: readonly ObjectView<Revision>[] = [
  { kind: Endpoints, source: Revisions, ...suffixed(""), make: (revision, find) => makeEndpoints(revision, find, "Public") },
  { kind: Endpoints, source: Revisions, ...suffixed("-private"), make: (revision, find) => makeEndpoints(revision, find, "Private") },
  { kind: EndpointSlices, source: Revisions, ...suffixed("-ebb"), make: (revision, find) => makeEndpointSlice(revision, find, "Public") },
  {
    kind: EndpointSlices,
    source: Revisions,
    ...suffixed("-private-ebb"),
    make: (revision, find) => makeEndpointSlice(revision, find, "Private"),
  },
];

type ServiceType = "Public" | "Private";

const nameOf = (revision: Revision, type: ServiceType) => (type === "Public" ? revision.metadata.name : privateServiceName(revision));

function makeService(revision: Revision, type: ServiceType): CoreService {
  const { name, uid = "" } = revision.metadata;
  // The ServerlessService is a view, too: its uid is known without making it.
  const owner = { kind: "ServerlessService", metadata: { name, uid: derivedUid(ServerlessServices, uid, name) } };
  const metadata = beneath(revision, nameOf(revision, type), controllerRef(ServerlessServices, { apiVersion: "", ...owner }));
  const port = PORTS[protocolOf(servingContainer(revision))];
  const http = { ...port, protocol: "TCP", ...(port.name === "http2" ? { appProtocol: "kubernetes.io/h2c" } : {}) };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...metadata, labels: { ...metadata.labels, [SKS_LABEL]: name, [TYPE_LABEL]: type } },
    spec: {
      type: "ClusterIP",
      sessionAffinity: "None",
      ports: [http],
      ...(type === "Private" ? { selector: { [LABELS.revisionUid]: uid } } : {}),
    },
    status: { loadBalancer: {} },
  };
}

function podsOf(revision: Revision, find: Finder): Pod[] {
  const { namespace = "", name } = revision.metadata;
  return find.list(Pods, namespace).filter(({ metadata, status }) => {
    return metadata.labels?.[LABELS.revision] === name && status?.podIP !== undefined && !metadata.deletionTimestamp;
  });
}

type WithSubsets = KubeObject & { subsets?: object[] };
type WithEndpoints = KubeObject & { addressType: string; ports: object[]; endpoints: object[] };

const isReady = ({ status }: Pod) => status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
const refTo = ({ metadata }: Pod) => ({ kind: "Pod", namespace: metadata.namespace, name: metadata.name, uid: metadata.uid });

function portsOf(revision: Revision) {
  const serving = servingContainer(revision);
  return [{ name: PORTS[protocolOf(serving)].name, port: userPort(serving), protocol: "TCP" }];
}

function makeEndpoints(revision: Revision, find: Finder, type: ServiceType): WithSubsets {
  const metadata = { name: nameOf(revision, type), labels: serviceLabels(revision, type) };
  const object = { apiVersion: "v1", kind: "Endpoints", metadata };
  if (type === "Public" && !isServing(revision, find)) {
    const activator: WithSubsets | undefined = find.get(Endpoints, SERVING_NAMESPACE, ACTIVATOR_SERVICE);
    const subsets = activator?.subsets;
    return { ...object, ...(subsets ? { subsets } : {}) };
  }
  const addresses = (ready: boolean) =>
    podsOf(revision, find)
      .filter((pod) => isReady(pod) === ready)
      .map((pod) => ({ ip: pod.status?.podIP, nodeName: pod.spec.nodeName, targetRef: refTo(pod) }));
  const [ready, notReady] = [addresses(true), addresses(false)];
  const subset = {
    ...(ready.length > 0 ? { addresses: ready } : {}),
    ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
    ports: portsOf(revision),
  };
  return { ...object, ...(ready.length + notReady.length > 0 ? { subsets: [subset] } : {}) };
}

function makeEndpointSlice(revision: Revision, find: Finder, type: ServiceType): WithEndpoints {
  const service = nameOf(revision, type);
  const uid = derivedUid(CoreServices, revision.metadata.uid ?? "", service);
  const proxied = type === "Public" && !isServing(revision, find);
  const activator = proxied
    ? (find.get(EndpointSlices, SERVING_NAMESPACE, `${ACTIVATOR_SERVICE}-ebb`) as WithEndpoints | undefined)
    : undefined;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: childName(revision.metadata.name, type === "Public" ? "-ebb" : "-private-ebb"),
      labels: {
        ...serviceLabels(revision, type),
        "kubernetes.io/service-name": service,
        "endpointslice.kubernetes.io/managed-by": "ebb",
      },
      ownerReferences: [controllerRef(CoreServices, { apiVersion: "v1", kind: "Service", metadata: { name: service, uid } })],
    },
    addressType: "IPv4",
    ports: activator?.ports ?? portsOf(revision),
    endpoints: proxied ? (activator?.endpoints ?? []) : podsOf(revision, find).map(endpointOf),
  };
}

function endpointOf(pod: Pod): object {
  return {
    addresses: [pod.status?.podIP],
    conditions: { ready: isReady(pod), serving: isReady(pod), terminating: false },
    nodeName: pod.spec.nodeName,
    targetRef: refTo(pod),
  };
}

function serviceLabels(revision: Revision, type: ServiceType): Record<string, string> {
  return makeService(revision, type).metadata.labels ?? {};
}
