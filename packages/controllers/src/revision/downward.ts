import {
  cpuMillis,
  isQuantity,
  memoryBytes,
  quantityValue,
  subscriptOf,
  type Container,
  type DownwardFile,
  type ResourceReference,
  type Revision,
} from "@ebb/kube";
import { instanceLabels, NODE, NODE_ADDRESS, podAnnotations } from "./pod-metadata.ts";
import type { NodeSize } from "./schedulable.ts";

/** What the downward API tells a Pod about itself. */
export interface DownwardScope {
  namespace: string;
  pod: Identity;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  account: string;
  containers: readonly Container[];
  /** What a container without a limit may use, and where the Pod is. */
  node: NodeSize | undefined;
}

/** Of one instance, or what stands for it. */
export interface Identity {
  id: string;
  uid: string;
  /** Absent where it is of no use: a volume is there before its Pod has one. */
  address?: string;
}

export function downwardScope(revision: Revision, pod: Identity, node: NodeSize | undefined): DownwardScope {
  const { containers, initContainers = [], serviceAccountName } = revision.spec;
  return {
    namespace: revision.metadata.namespace ?? "",
    pod,
    labels: instanceLabels(revision),
    annotations: podAnnotations(revision),
    account: serviceAccountName || "default",
    containers: [...containers, ...initContainers],
    node,
  };
}

/** The content of a file of the downward API; undefined for a field that is not known here. */
export function downwardFile({ fieldRef, resourceFieldRef }: DownwardFile, scope: DownwardScope): string | undefined {
  return fieldRef ? fieldValue(fieldRef.fieldPath, scope) : resourceFieldRef ? resourceValue(resourceFieldRef, scope) : undefined;
}

/** k8s.io/kubernetes pkg/fieldpath ExtractFieldPathAsString. */
export function fieldValue(path: string, scope: DownwardScope): string | undefined {
  const subscript = subscriptOf(path);
  if (subscript?.path === "metadata.labels") return scope.labels[subscript.key] ?? "";
  if (subscript?.path === "metadata.annotations") return scope.annotations[subscript.key] ?? "";
  const host = scope.node?.address ?? NODE_ADDRESS;
  const fields: Record<string, () => string | undefined> = {
    "metadata.name": () => scope.pod.id,
    "metadata.uid": () => scope.pod.uid,
    "metadata.namespace": () => scope.namespace,
    "metadata.labels": () => formatMap(scope.labels),
    "metadata.annotations": () => formatMap(scope.annotations),
    "spec.serviceAccountName": () => scope.account,
    "spec.nodeName": () => NODE,
    "status.hostIP": () => host,
    "status.hostIPs": () => host,
    "status.podIP": () => scope.pod.address,
    "status.podIPs": () => scope.pod.address,
  };
  return Object.hasOwn(fields, path) ? fields[path]?.() : undefined;
}

function formatMap(map: Readonly<Record<string, string>>): string {
  const lines = Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`);
  return lines.join("\n");
}

/** pkg/api/v1/resource ExtractContainerResourceValue: rounded up, in units of the divisor. */
export function resourceValue({ containerName, resource, divisor = 1 }: ResourceReference, scope: DownwardScope): string | undefined {
  const container = scope.containers.find(({ name }) => name === containerName) ?? (containerName ? undefined : scope.containers[0]);
  const [, kind, sort] = /^(limits|requests)\.(cpu|memory|ephemeral-storage)$/.exec(resource) ?? [];
  if (!container || (kind !== "limits" && kind !== "requests") || !isSort(sort)) return undefined;
  const { limits = {}, requests = {} } = container.resources ?? {};
  const text = kind === "limits" ? limits[sort] : (requests[sort] ?? limits[sort]);
  const unit = isQuantity(String(divisor)) ? quantityValue(String(divisor)) || 1 : 1;
  const amount = text !== undefined && isQuantity(text) ? amountOf(sort, text) : kind === "limits" ? nodeAmount(sort, scope.node) : 0;
  return amount === undefined ? undefined : String(Math.ceil(Number((amount / unit).toPrecision(15))));
}

type Sort = "cpu" | "memory" | "ephemeral-storage";

function isSort(word: string | undefined): word is Sort {
  return word === "cpu" || word === "memory" || word === "ephemeral-storage";
}

function amountOf(sort: Sort, text: string): number {
  return sort === "cpu" ? cpuMillis(text) / 1000 : memoryBytes(text);
}

/** What the node says that it has: nothing of its disk. */
function nodeAmount(sort: Sort, node: NodeSize | undefined): number | undefined {
  return sort === "cpu" ? node?.cores : sort === "memory" ? node?.memoryBytes : 0;
}
