import {
  DomainMappings,
  LABELS,
  LAST_APPLIED,
  Routes,
  GO_TRUE,
  type Certificate,
  type DomainMapping,
  type KubeObject,
  type OwnerReference,
  type Route,
} from "@ebb/kube";
import { controllerRef, omit } from "../engine/keys.ts";
import type { NetworkConfig } from "../config/network.ts";

export const CLASS = "networking.knative.dev/certificate.class";
const CLASS_IN_KEBAB = "networking.knative.dev/certificate-class";
/** All that upstream has called it. */
const DISABLED = ["disable-external-domain-tls", "disable-auto-tls", "disableAutoTLS"].map((name) => `networking.knative.dev/${name}`);
const TYPE_LABEL = { "networking.knative.dev/certificate-type": "external-domain" };

/** A public host, and the tag that it is for. */
export interface SecuredHost {
  host: string;
  tag?: string | undefined;
}

export function wantsCertificates({ metadata }: Pick<KubeObject, "metadata">, { makesCertificates }: NetworkConfig): boolean {
  const own = DISABLED.map((name) => metadata.annotations?.[name]).find((value) => value !== undefined);
  return makesCertificates && !(own !== undefined && GO_TRUE.has(own));
}

export function classOf({ metadata }: Pick<KubeObject, "metadata">): string | undefined {
  return metadata.annotations?.[CLASS] ?? metadata.annotations?.[CLASS_IN_KEBAB];
}

/** One for each host; after knative's pkg/reconciler/route/resources/certificate.go. */
export function routeCertificates(
  route: Route,
  hosts: readonly SecuredHost[],
  { network, domain }: { network: NetworkConfig; domain: string },
): Certificate[] {
  const labels = { ...TYPE_LABEL, [LABELS.route]: route.metadata.name };
  return hosts.map(({ host, tag }) => {
    const name = `route-${route.metadata.uid ?? ""}${tag === undefined ? "" : `-${adler32(tag)}`}`;
    return make(route, { name, host, domain, labels, owner: controllerRef(Routes, route) }, network);
  });
}

/** After pkg/reconciler/domainmapping/resources/certificate.go. */
export function mappingCertificate(mapping: DomainMapping, network: NetworkConfig): Certificate {
  const { name, namespace = "", uid = "" } = mapping.metadata;
  const labels = { ...TYPE_LABEL, "serving.knative.dev/domainMappingUID": uid, "serving.knative.dev/domainMappingNamespace": namespace };
  return make(mapping, { name, host: name, domain: name, labels, owner: controllerRef(DomainMappings, mapping) }, network);
}

interface Parts {
  name: string;
  host: string;
  domain: string;
  labels: Record<string, string>;
  owner: OwnerReference;
}

function make(holder: KubeObject, { name, host, domain, labels, owner }: Parts, network: NetworkConfig): Certificate {
  const { namespace = "", annotations } = holder.metadata;
  return {
    apiVersion: "networking.internal.knative.dev/v1alpha1",
    kind: "Certificate",
    metadata: {
      name,
      namespace,
      labels,
      annotations: { ...omit(annotations, [LAST_APPLIED, CLASS, CLASS_IN_KEBAB]), [CLASS]: classOf(holder) ?? network.certificateClass },
      ownerReferences: [owner],
    },
    spec: { dnsNames: [host], domain, secretName: name },
  };
}

/** RFC 1950 §8.2: what upstream tells tags apart by in names of 63 characters. */
export function adler32(text: string): number {
  let [low, high] = [1, 0];
  for (const byte of Buffer.from(text)) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return high * 65_536 + low;
}
