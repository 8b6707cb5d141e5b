import type { KnativeService } from "@ebb/kube";
import type { Ingress } from "../cluster/port.ts";
import { versionName } from "../compile/names.ts";
import { externalHost, isInside, previewHost } from "./external-host.ts";

/** A cluster's URL has no port, as upstream; people need the one that the ingress listens on. One without TLS has TLS ended in front of it, at the usual port. */
export function withPort(url: string, { port, tlsPort }: Ingress): string {
  const result = new URL(url);
  const own = result.protocol === "https:" ? tlsPort : port;
  if (result.port === "" && own !== undefined) result.port = String(own);
  return result.origin;
}

/** Undefined until the cluster has given it one. */
export function publicUrl(service: KnativeService | undefined, ingress: Ingress): string | undefined {
  const host = externalHost(service);
  if (host === undefined) return undefined;
  return withPort(service?.status?.url && !isInside(service) ? service.status.url : `http://${host}`, ingress);
}

/** Reaches one version whatever the split. */
export function previewUrl(service: KnativeService | undefined, number: number, ingress: Ingress): string | undefined {
  const url = service?.status?.traffic?.find((target) => target.tag === versionName(number))?.url;
  if (service === undefined || url === undefined) return undefined;
  const host = isInside(service) ? externalHost(service) : undefined;
  return withPort(host === undefined ? url : `http://${previewHost(service, host, number)}`, ingress);
}
