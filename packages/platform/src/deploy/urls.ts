import type { KnativeService } from "@ebb/kube";
import { versionName } from "../compile/names.ts";

export interface Ingress {
  host: string;
  port: number;
}

/** A cluster's URL has no port, as upstream; people need the one that the ingress listens on. */
export function withPort(url: string, ingress: Ingress): string {
  const result = new URL(url);
  if (ingress.port !== 80 && result.port === "") result.port = String(ingress.port);
  return result.origin;
}

/** Undefined until the cluster has given it one. */
export function publicUrl(service: KnativeService | undefined, ingress: Ingress): string | undefined {
  return service?.status?.url === undefined ? undefined : withPort(service.status.url, ingress);
}

/** Reaches one version whatever the split. */
export function previewUrl(service: KnativeService | undefined, number: number, ingress: Ingress): string | undefined {
  const url = service?.status?.traffic?.find((target) => target.tag === versionName(number))?.url;
  return url === undefined ? undefined : withPort(url, ingress);
}
