import type { KnativeService } from "@ebb/kube";
import { HOST_ANNOTATIONS } from "@ebb/kube";
import { EXTERNAL_HOST, VISIBILITY } from "../cluster/port.ts";
import { versionName } from "../compile/names.ts";

const CLUSTER_LOCAL = ".svc.cluster.local";

/** Whether Knative gives the Service's routes hosts inside the cluster alone, as its status has it now. */
export function isInside({ status }: Pick<KnativeService, "status">): boolean {
  return status?.url !== undefined && new URL(status.url).hostname.endsWith(CLUSTER_LOCAL);
}

/** The app's host outside, whoever holds it: Knative, or the VirtualService of its rules. Undefined until the cluster has given it one. */
export function externalHost(service: KnativeService | undefined): string | undefined {
  if (!service) return undefined;
  const kept = service.metadata.annotations?.[EXTERNAL_HOST];
  if (kept) return kept;
  return service.status?.url === undefined || isInside(service) ? undefined : new URL(service.status.url).hostname;
}

/**
 * The host of a version's tag outside: the one that Knative gave it, or the one that it would give, by Ebb's domain template where the
 * app's host is Ebb's, by upstream's (`{{.Tag}}-{{.Name}}`) elsewhere.
 */
export function previewHost(service: KnativeService, host: string, number: number): string {
  const { name, annotations } = service.metadata;
  const tag = versionName(number);
  const label = annotations?.[HOST_ANNOTATIONS.host];
  if (label === undefined || !host.startsWith(`${label}.`)) return `${tag}-${host}`;
  return `${tag}-${name}${annotations?.[HOST_ANNOTATIONS.suffix] ?? ""}${host.slice(label.length)}`;
}

/** The host outside when the app's own part of it changes. */
export function renamedHost(service: KnativeService, label: string): string | undefined {
  const { annotations } = service.metadata;
  const host = annotations?.[EXTERNAL_HOST];
  const before = annotations?.[HOST_ANNOTATIONS.host];
  if (!host || before === undefined || !host.startsWith(`${before}.`)) return undefined;
  return `${label}${host.slice(before.length)}`;
}

/** Whether the Service is to be inside alone. */
export function isHeldByRules({ metadata }: Pick<KnativeService, "metadata">): boolean {
  return metadata.labels?.[VISIBILITY] === "cluster-local";
}
