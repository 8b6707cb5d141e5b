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
import { CLUSTER_DOMAIN, type NetworkConfig } from "../config/network.ts";

export const CLASS = "networking.knative.dev/certificate.class";
const CLASS_IN_KEBAB = "networking.knative.dev/certificate-class";
/** All that upstream has called it. */
const DISABLED = ["disable-external-domain-tls", "disable-auto-tls", "disableAutoTLS"].map((name) => `networking.knative.dev/${name}`);
const TYPE = "networking.knative.dev/certificate-type";
const TYPE_LABEL = { [TYPE]: "external-domain" };

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
    const name = certificateName(route, tag);
    return certificateOf({ ...metadataFrom(route, network), name, labels }, { hosts: [host], domain, owner: controllerRef(Routes, route) });
  });
}

/** The names inside the cluster of a Route, or of one of its tags. */
export interface LocalHosts {
  hosts: readonly string[];
  tag?: string | undefined;
}

/** One for all the names of each; after MakeClusterLocalCertificate there. */
export function localCertificates(route: Route, named: readonly LocalHosts[], network: NetworkConfig): Certificate[] {
  const labels = { [TYPE]: "cluster-local-domain", [LABELS.route]: route.metadata.name };
  return named.map(({ hosts, tag }) => {
    const name = `${certificateName(route, tag)}-local`;
    const owner = controllerRef(Routes, route);
    return certificateOf({ ...metadataFrom(route, network), name, labels }, { hosts: hosts.toSorted(), domain: CLUSTER_DOMAIN, owner });
  });
}

function certificateName({ metadata }: Route, tag: string | undefined): string {
  return `route-${metadata.uid ?? ""}${tag === undefined ? "" : `-${adler32(tag)}`}`;
}

/** After pkg/reconciler/domainmapping/resources/certificate.go. */
export function mappingCertificate(mapping: DomainMapping, network: NetworkConfig): Certificate {
  const { name, namespace = "", uid = "" } = mapping.metadata;
  const labels = { ...TYPE_LABEL, "serving.knative.dev/domainMappingUID": uid, "serving.knative.dev/domainMappingNamespace": namespace };
  const owner = controllerRef(DomainMappings, mapping);
  return certificateOf({ ...metadataFrom(mapping, network), name, labels }, { hosts: [name], domain: name, owner });
}

function metadataFrom(holder: KubeObject, network: NetworkConfig): { namespace: string; annotations: Record<string, string> } {
  const { namespace = "", annotations } = holder.metadata;
  const kept = omit(annotations, [LAST_APPLIED, CLASS, CLASS_IN_KEBAB]);
  return { namespace, annotations: { ...kept, [CLASS]: classOf(holder) ?? network.certificateClass } };
}

/** One for these hosts, in the Secret of its own name. */
export function certificateOf(
  metadata: Certificate["metadata"],
  { hosts, domain, owner }: { hosts: string[]; domain: string; owner: OwnerReference },
): Certificate {
  return {
    apiVersion: "networking.internal.knative.dev/v1alpha1",
    kind: "Certificate",
    metadata: { ...metadata, ownerReferences: [owner] },
    spec: { dnsNames: hosts, domain, secretName: metadata.name },
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
