import {
  CoreServices,
  Endpoints,
  EndpointSlices,
  LABELS,
  Pods,
  Revisions,
  ServerlessServices,
  derivedUid,
  type CoreService,
  type Finder,
  type KubeObject,
  type ObjectView,
  type Pod,
  type Revision,
} from "@ebb/kube";
import { controllerRef } from "../engine/keys.ts";
import { protocolOf, servingContainer } from "../revision/workload.ts";
import { beneath, privateServiceName, suffixed } from "./parts.ts";

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
export const endpointsView: ObjectView<Revision> = {
  kind: Endpoints,
  source: Revisions,
  ...suffixed("-private"),
  make: makeEndpoints,
};
export const endpointSliceView: ObjectView<Revision> = {
  kind: EndpointSlices,
  source: Revisions,
  ...suffixed("-private-ebb"),
  make: makeEndpointSlice,
};

function makeService(revision: Revision, type: "Public" | "Private"): CoreService {
  const { name, uid = "" } = revision.metadata;
  // The ServerlessService is a view, too: its uid is known without making it.
  const owner = { kind: "ServerlessService", metadata: { name, uid: derivedUid(ServerlessServices, uid, name) } };
  const metadata = beneath(
    revision,
    type === "Public" ? name : privateServiceName(revision),
    controllerRef(ServerlessServices, { apiVersion: "", ...owner }),
  );
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

const isReady = ({ status }: Pod) => status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
const refTo = ({ metadata }: Pod) => ({ kind: "Pod", namespace: metadata.namespace, name: metadata.name, uid: metadata.uid });

function portsOf(revision: Revision) {
  const serving = servingContainer(revision);
  return [{ name: PORTS[protocolOf(serving)].name, port: serving?.ports?.[0]?.containerPort ?? 8080, protocol: "TCP" }];
}

function makeEndpoints(revision: Revision, find: Finder): KubeObject & { subsets?: object[] } {
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
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: privateServiceName(revision), labels: serviceLabels(revision) },
    ...(ready.length + notReady.length > 0 ? { subsets: [subset] } : {}),
  };
}

function makeEndpointSlice(revision: Revision, find: Finder): KubeObject & { endpoints: object[] } {
  const service = privateServiceName(revision);
  const uid = derivedUid(CoreServices, revision.metadata.uid ?? "", service);
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: endpointSliceView.name(revision),
      labels: { ...serviceLabels(revision), "kubernetes.io/service-name": service, "endpointslice.kubernetes.io/managed-by": "ebb" },
      ownerReferences: [controllerRef(CoreServices, { apiVersion: "v1", kind: "Service", metadata: { name: service, uid } })],
    },
    addressType: "IPv4",
    ports: portsOf(revision),
    endpoints: podsOf(revision, find).map((pod) => ({
      addresses: [pod.status?.podIP],
      conditions: { ready: isReady(pod), serving: isReady(pod), terminating: false },
      nodeName: pod.spec.nodeName,
      targetRef: refTo(pod),
    })),
  } as KubeObject & { endpoints: object[] };
}

function serviceLabels(revision: Revision): Record<string, string> {
  const { labels } = makeService(revision, "Private").metadata;
  return labels ?? {};
}
