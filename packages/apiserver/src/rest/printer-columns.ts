import { rfc3339 } from "@ebb/base";
import {
  formatLabelSelector,
  type AdmissionPolicy,
  type AdmissionPolicyBinding,
  type Condition,
  type CoreService,
  type Kind,
  type KubeObject,
  type Pod,
  type PrinterColumn,
  type ResourceQuota,
} from "@ebb/kube";
import { JSONPath } from "jsonpath-plus";

export interface Column {
  name: string;
  type: PrinterColumn["type"];
  /** 0 is always shown, 1 with `-o wide`. */
  priority: number;
  description: string;
  cell(object: KubeObject, now: number): string | number;
}

function column(name: string, cell: Column["cell"], options: { type?: Column["type"]; wide?: boolean } = {}): Column {
  return { name, type: options.type ?? "string", priority: options.wide ? 1 : 0, description: name, cell };
}

/** A field by its path, as the printer columns of custom resources. */
function field(name: string, path: string, type: Column["type"] = "string"): Column {
  return column(name, (object) => read(object, path.split(".")), { type });
}

function valueAt(object: unknown, path: readonly string[]): unknown {
  let at = object;
  for (const key of path) at = (at as Record<string, unknown> | undefined)?.[key];
  return at;
}

function read(object: unknown, path: readonly string[]): string | number {
  const at = valueAt(object, path);
  return typeof at === "string" || typeof at === "number" ? at : "";
}

/** As kubectl prints a list in a column. */
function list(name: string, path: string): Column {
  return column(name, (object) => {
    const at = valueAt(object, path.split("."));
    return Array.isArray(at) ? JSON.stringify(at) : "";
  });
}

function label(name: string, key: string): Column {
  return column(name, ({ metadata }) => metadata.labels?.[key] ?? "");
}

function readyField(name: string, part: "status" | "reason"): Column {
  return column(name, (object) => {
    const { conditions = [] } = (object.status ?? {}) as { conditions?: Condition[] };
    return conditions.find(({ type }) => type === "Ready")?.[part] ?? "";
  });
}

const NAME = column("Name", ({ metadata }) => metadata.name);
const AGE = column("Age", ({ metadata }, now) => age(metadata.creationTimestamp, now));
const READY = [readyField("Ready", "status"), readyField("Reason", "reason")];
const LATEST = [field("LatestCreated", "status.latestCreatedRevisionName"), field("LatestReady", "status.latestReadyRevisionName")];
const countOf = (key: string) => (object: KubeObject) => Object.keys((object as unknown as Record<string, object>)[key] ?? {}).length;

/** After the printer columns of Knative's custom resource definitions, and kubectl's for the core kinds. */
const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  "serving.knative.dev/Service": [field("URL", "status.url"), ...LATEST, ...READY],
  "serving.knative.dev/Configuration": [...LATEST, ...READY],
  "serving.knative.dev/Route": [field("URL", "status.url"), ...READY],
  "serving.knative.dev/Revision": [
    label("Config Name", "serving.knative.dev/configuration"),
    label("Generation", "serving.knative.dev/configurationGeneration"),
    ...READY,
    field("Actual Replicas", "status.actualReplicas", "integer"),
    field("Desired Replicas", "status.desiredReplicas", "integer"),
  ],
  "serving.knative.dev/DomainMapping": [field("URL", "status.url"), ...READY],
  "networking.istio.io/VirtualService": [list("Gateways", "spec.gateways"), list("Hosts", "spec.hosts")],
  "networking.istio.io/DestinationRule": [field("Host", "spec.host")],
  "autoscaling.internal.knative.dev/PodAutoscaler": [
    field("DesiredScale", "status.desiredScale", "integer"),
    field("ActualScale", "status.actualScale", "integer"),
    ...READY,
  ],
  "autoscaling.internal.knative.dev/Metric": READY,
  "networking.internal.knative.dev/ServerlessService": [
    field("Mode", "spec.mode"),
    field("Activators", "spec.numActivators", "integer"),
    field("ServiceName", "status.serviceName"),
    field("PrivateServiceName", "status.privateServiceName"),
    ...READY,
  ],
  "networking.internal.knative.dev/Ingress": READY,
  "networking.internal.knative.dev/Certificate": READY,
  "caching.internal.knative.dev/Image": [field("Image", "spec.image")],
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": [column("Webhooks", countOf("webhooks"), { type: "integer" })],
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": [column("Webhooks", countOf("webhooks"), { type: "integer" })],
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy": [
    column("Validations", ({ spec }) => (spec as AdmissionPolicy["spec"])?.validations?.length ?? 0, { type: "integer" }),
    column("ParamKind", ({ spec }) => {
      const { paramKind } = (spec ?? {}) as NonNullable<AdmissionPolicy["spec"]>;
      return paramKind ? `${paramKind.apiVersion}/${paramKind.kind}` : "<unset>";
    }),
  ],
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": [
    field("PolicyName", "spec.policyName"),
    column("ParamRef", ({ spec }) => {
      const { paramRef } = (spec ?? {}) as NonNullable<AdmissionPolicyBinding["spec"]>;
      if (!paramRef) return "<unset>";
      return paramRef.selector ? formatLabelSelector(paramRef.selector) : `${paramRef.namespace ?? "*"}/${paramRef.name ?? ""}`;
    }),
  ],
  "apps/Deployment": [
    column("Ready", (object) => `${read(object, ["status", "readyReplicas"]) || 0}/${read(object, ["spec", "replicas"]) || 0}`),
    column("Up-to-date", (object) => read(object, ["status", "updatedReplicas"]) || 0, { type: "integer" }),
    column("Available", (object) => read(object, ["status", "availableReplicas"]) || 0, { type: "integer" }),
  ],
  "/PersistentVolumeClaim": [
    column("Status", storagePhase),
    field("Volume", "spec.volumeName"),
    field("Capacity", "status.capacity.storage"),
    column("Access Modes", (object) => accessModes(valueAt(object, ["status", "accessModes"]))),
    field("StorageClass", "spec.storageClassName"),
    column("VolumeAttributesClass", () => "<unset>"),
  ],
  "/PersistentVolume": [
    field("Capacity", "spec.capacity.storage"),
    column("Access Modes", (object) => accessModes(valueAt(object, ["spec", "accessModes"]))),
    field("Reclaim Policy", "spec.persistentVolumeReclaimPolicy"),
    column("Status", storagePhase),
    column("Claim", (object) => {
      const name = read(object, ["spec", "claimRef", "name"]);
      return name === "" ? "" : `${read(object, ["spec", "claimRef", "namespace"])}/${name}`;
    }),
    field("StorageClass", "spec.storageClassName"),
    column("VolumeAttributesClass", () => "<unset>"),
    field("Reason", "status.reason"),
  ],
  "storage.k8s.io/StorageClass": [
    field("Provisioner", "provisioner"),
    field("ReclaimPolicy", "reclaimPolicy"),
    field("VolumeBindingMode", "volumeBindingMode"),
    column("AllowVolumeExpansion", (object) => String(valueAt(object, ["allowVolumeExpansion"]) === true)),
  ],
  "apps/ReplicaSet": [
    column("Desired", (object) => read(object, ["spec", "replicas"]) || 0, { type: "integer" }),
    column("Current", (object) => read(object, ["status", "replicas"]) || 0, { type: "integer" }),
    column("Ready", (object) => read(object, ["status", "readyReplicas"]) || 0, { type: "integer" }),
  ],
  "autoscaling/HorizontalPodAutoscaler": [
    column(
      "Reference",
      (object) => `${read(object, ["spec", "scaleTargetRef", "kind"])}/${read(object, ["spec", "scaleTargetRef", "name"])}`,
    ),
    column("Targets", autoscalerTargets),
    column("MinPods", (object) => String(read(object, ["spec", "minReplicas"]) || "<unset>")),
    field("MaxPods", "spec.maxReplicas", "integer"),
    column("Replicas", (object) => read(object, ["status", "currentReplicas"]) || 0, { type: "integer" }),
  ],
  "/Service": [
    field("Type", "spec.type"),
    column("Cluster-IP", (object) => read(object, ["spec", "clusterIP"]) || "<none>"),
    column("External-IP", externalIp),
    column("Port(s)", ports),
  ],
  "/Endpoints": [column("Endpoints", (object) => endpointsOf(object))],
  "discovery.k8s.io/EndpointSlice": [
    field("AddressType", "addressType"),
    column("Ports", (object) => slicePorts(object)),
    column("Endpoints", (object) => firstOf(sliceAddresses(object))),
  ],
  "coordination.k8s.io/Lease": [field("Holder", "spec.holderIdentity")],
  "/Node": [
    column("Status", (object) => nodeStatus(object)),
    column("Roles", rolesOf),
    // kubectl shows the age before the version.
    AGE,
    field("Version", "status.nodeInfo.kubeletVersion"),
  ],
  "/ResourceQuota": [
    column("Request", (object) => quotaUse(object, (name) => !name.startsWith("limits."))),
    column("Limit", (object) => quotaUse(object, (name) => name.startsWith("limits."))),
  ],
  "/Namespace": [field("Status", "status.phase")],
  "/ConfigMap": [column("Data", (object) => countOf("data")(object) + countOf("binaryData")(object), { type: "integer" })],
  "/Secret": [field("Type", "type"), column("Data", countOf("data"), { type: "integer" })],
  "/Pod": [
    column("Ready", (object) => containersReady(object as Pod)),
    column("Status", (object) => podStatus(object as Pod)),
    column("Restarts", (object) => restarts(object as Pod), { type: "integer" }),
  ],
};
const orNone = (name: string, ...path: string[]) => column(name, (object) => read(object, path) || "<none>", { wide: true });
/** What `-o wide` adds, after the age. */
const WIDE: Readonly<Record<string, readonly Column[]>> = {
  "/Pod": [
    orNone("IP", "status", "podIP"),
    orNone("Node", "spec", "nodeName"),
    orNone("Nominated Node", "status", "nominatedNodeName"),
    column("Readiness Gates", () => "<none>", { wide: true }),
  ],
  "/Service": [
    column(
      "Selector",
      (object) => {
        const { selector = {} } = (object.spec ?? {}) as NonNullable<CoreService["spec"]>;
        const text = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
        return text.join(",") || "<none>";
      },
      { wide: true },
    ),
  ],
  "/Node": [
    column("Internal-IP", (object) => nodeAddress(object, "InternalIP"), { wide: true }),
    column("External-IP", (object) => nodeAddress(object, "ExternalIP"), { wide: true }),
    orNone("OS-Image", "status", "nodeInfo", "osImage"),
    orNone("Kernel-Version", "status", "nodeInfo", "kernelVersion"),
    orNone("Container-Runtime", "status", "nodeInfo", "containerRuntimeVersion"),
  ],
};
const EVENT = [
  column("Last Seen", (object, now) => age(String(read(object, ["lastTimestamp"])), now)),
  field("Type", "type"),
  field("Reason", "reason"),
  column("Object", (object) => {
    const kind = read(object, ["involvedObject", "kind"]);
    return `${String(kind).toLowerCase()}/${read(object, ["involvedObject", "name"])}`;
  }),
  field("Message", "message"),
];

export function columnsOf({ group, kind, schema, columns }: Pick<Kind, "group" | "kind" | "schema" | "columns">): readonly Column[] {
  if (schema) return [NAME, ...(columns?.map(definedColumn) ?? [AGE])];
  if (group === "" && kind === "Event") return EVENT;
  const own = COLUMNS[`${group}/${kind}`] ?? [];
  return [NAME, ...own, ...(own.includes(AGE) ? [] : [AGE]), ...(WIDE[`${group}/${kind}`] ?? [])];
}

/** What is being deleted may be kept for long, by who has it. */
function storagePhase(object: KubeObject): string {
  return object.metadata.deletionTimestamp ? "Terminating" : String(read(object, ["status", "phase"]));
}

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

function accessModes(modes: unknown): string {
  return Array.isArray(modes) ? modes.map((mode) => MODES[String(mode)] ?? String(mode)).join(",") : "";
}

interface ResourceMetric {
  resource?: { name: string; target?: MetricValue; current?: MetricValue };
}
interface MetricValue {
  averageUtilization?: number;
  averageValue?: string;
}

/** `cpu: 12%/80%`, as kubectl describes the metrics of resources. */
function autoscalerTargets({ spec, status }: KubeObject): string {
  const { metrics = [] } = (spec ?? {}) as { metrics?: ResourceMetric[] };
  const { currentMetrics = [] } = (status ?? {}) as { currentMetrics?: ResourceMetric[] };
  const show = ({ averageUtilization, averageValue }: MetricValue = {}) =>
    averageUtilization === undefined ? (averageValue ?? "<unknown>") : `${averageUtilization}%`;
  const parts = metrics.flatMap(({ resource }, index) =>
    resource ? [`${resource.name}: ${show(currentMetrics[index]?.resource?.current)}/${show(resource.target)}`] : [],
  );
  return parts.join(", ") || "<none>";
}

/** As a definition says it; a date is shown by its age. */
function definedColumn({ name, type, jsonPath, priority = 0, description = "" }: PrinterColumn): Column {
  const cell: Column["cell"] = (object, now) => {
    const found: unknown[] = JSONPath({ path: `$${jsonPath}`, json: object, eval: "safe", wrap: true }) ?? [];
    const values = found.map((value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : String(value)));
    if (type === "date") return values[0] === undefined ? "<unknown>" : age(values[0], now);
    const text = values.join(",");
    return (type === "integer" || type === "number") && text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  return { name, type, priority, description, cell };
}

function externalIp(object: KubeObject): string {
  const external = read(object, ["spec", "externalName"]);
  if (external) return String(external);
  const { ingress = [] } = ((object.status ?? {}) as NonNullable<CoreService["status"]>).loadBalancer ?? {};
  return ingress.map(({ ip, hostname }) => ip ?? hostname).join(",") || "<none>";
}

function ports({ spec }: CoreService | KubeObject): string {
  const { ports = [] } = (spec ?? {}) as NonNullable<CoreService["spec"]>;
  return ports.map(({ port, nodePort, protocol = "TCP" }) => `${port}${nodePort ? `:${nodePort}` : ""}/${protocol}`).join(",") || "<none>";
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

const ROLE_LABEL = "node-role.kubernetes.io/";

function rolesOf({ metadata }: KubeObject): string {
  const roles = Object.keys(metadata.labels ?? {}).flatMap((key) => (key.startsWith(ROLE_LABEL) ? [key.slice(ROLE_LABEL.length)] : []));
  return roles.sort().join(",") || "<none>";
}

function nodeAddress({ status }: KubeObject, type: string): string {
  const { addresses = [] } = (status ?? {}) as { addresses?: { type: string; address: string }[] };
  return addresses.find((each) => each.type === type)?.address ?? "<none>";
}

function nodeStatus(object: KubeObject): string {
  const { conditions = [] } = (object.status ?? {}) as { conditions?: Condition[] };
  return conditions.some(({ type, status }) => type === "Ready" && status === "True") ? "Ready" : "NotReady";
}

/** `pods: 1/10, requests.cpu: 0/2` of the resources that are meant. */
function quotaUse({ status }: KubeObject, meant: (name: string) => boolean): string {
  const { hard = {}, used = {} } = (status ?? {}) as NonNullable<ResourceQuota["status"]>;
  const names = Object.keys(hard).filter(meant).sort();
  return names.map((name) => `${name}: ${used[name] ?? "0"}/${hard[name] ?? ""}`).join(", ");
}

function containersReady({ spec, status }: Pod): string {
  const ready = (status?.containerStatuses ?? []).filter((container) => container.ready).length;
  return `${ready}/${spec?.containers?.length ?? 0}`;
}

function podStatus({ metadata, status }: Pod): string {
  if (metadata.deletionTimestamp) return "Terminating";
  const states = (status?.containerStatuses ?? []).map(({ state }) => state.waiting?.reason ?? state.terminated?.reason);
  return states.find((reason) => reason !== undefined) ?? status?.reason ?? status?.phase ?? "Unknown";
}

function restarts({ status }: Pod): number {
  return (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

/** k8s.io/apimachinery duration.HumanDuration: two units at most, and one where that says enough. */
export function age(timestamp: string | undefined, now: number): string {
  const then = Date.parse(timestamp ?? "");
  if (Number.isNaN(then)) return "<unknown>";
  const seconds = Math.max(0, Math.floor((Date.parse(rfc3339(now)) - then) / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const years = Math.floor(days / 365);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return both(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return both(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  if (days < 8) return both(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  return years < 8 ? both(years, "y", days % 365, "d") : `${years}y`;
}

function both(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${unit}` : `${large}${unit}${small}${smallUnit}`;
}
