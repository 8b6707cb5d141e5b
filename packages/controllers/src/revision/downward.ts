import { cpuMillis, isQuantity, memoryBytes, quantityValue, type Container, type DownwardFile } from "@ebb/kube";
import type { NodeSize } from "./schedulable.ts";

/** What the downward API tells a Pod about itself. */
export interface DownwardScope {
  namespace: string;
  /** The Pod's; absent where the answer must be the same for all instances. */
  pod?: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  account: string;
  nodeName: string;
  containers: readonly Container[];
  /** What a container without a limit may use. */
  node: NodeSize | undefined;
}

/** The content of a file of the downward API; undefined for a field that is not known here. */
export function downwardFile({ fieldRef, resourceFieldRef }: DownwardFile, scope: DownwardScope): string | undefined {
  return fieldRef ? fieldValue(fieldRef.fieldPath, scope) : resourceFieldRef ? resourceValue(resourceFieldRef, scope) : undefined;
}

/** k8s.io/kubernetes pkg/fieldpath ExtractFieldPathAsString. */
export function fieldValue(path: string, scope: DownwardScope): string | undefined {
  const [, map, key = ""] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? [];
  if (map === "labels" || map === "annotations") return scope[map][key] ?? "";
  const fields: Record<string, () => string | undefined> = {
    "metadata.name": () => scope.pod,
    "metadata.namespace": () => scope.namespace,
    "metadata.labels": () => formatMap(scope.labels),
    "metadata.annotations": () => formatMap(scope.annotations),
    "spec.serviceAccountName": () => scope.account,
    "spec.nodeName": () => scope.nodeName,
  };
  return Object.hasOwn(fields, path) ? fields[path]?.() : undefined;
}

function formatMap(map: Readonly<Record<string, string>>): string {
  const lines = Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`);
  return lines.join("\n");
}

interface ResourceReference {
  containerName?: string;
  resource: string;
  divisor?: string | number;
}

/** pkg/api/v1/resource ExtractContainerResourceValue: rounded up, in units of the divisor. */
export function resourceValue({ containerName, resource, divisor = 1 }: ResourceReference, scope: DownwardScope): string | undefined {
  const container = scope.containers.find(({ name }) => name === containerName) ?? (containerName ? undefined : scope.containers[0]);
  const [, kind, sort] = /^(limits|requests)\.(cpu|memory)$/.exec(resource) ?? [];
  if (!container || (kind !== "limits" && kind !== "requests") || (sort !== "cpu" && sort !== "memory")) return undefined;
  const { limits = {}, requests = {} } = container.resources ?? {};
  const text = kind === "limits" ? limits[sort] : (requests[sort] ?? limits[sort]);
  const unit = isQuantity(String(divisor)) ? quantityValue(String(divisor)) || 1 : 1;
  const amount = text !== undefined && isQuantity(text) ? amountOf(sort, text) : kind === "limits" ? nodeAmount(sort, scope.node) : 0;
  return amount === undefined ? undefined : String(Math.ceil(Number((amount / unit).toPrecision(15))));
}

function amountOf(sort: "cpu" | "memory", text: string): number {
  return sort === "cpu" ? cpuMillis(text) / 1000 : memoryBytes(text);
}

function nodeAmount(sort: "cpu" | "memory", node: NodeSize | undefined): number | undefined {
  return sort === "cpu" ? node?.cores : node?.memoryBytes;
}
