import { createConditions, type Cause, type ClusterDomainClaim, type DomainMapping, type TrafficPolicy } from "@ebb/kube";
import type { RouteEntry } from "@ebb/gateway";
import { markProvisioned, TLS_NOT_ENABLED, type Secured } from "../certificate/host-certificates.ts";
import { keyOf } from "../engine/keys.ts";
import type { Ingress as IngressState } from "../route/reconcile.ts";
import type { MappingTls } from "./certificate.ts";
import { meaningHash, orderOf } from "../virtualservice/translate.ts";

export const DOMAIN_MAPPING_CONDITIONS = createConditions({
  ready: "Ready",
  dependents: ["CertificateProvisioned", "DomainClaimed", "IngressReady", "ReferenceResolved"],
});
const conditions = DOMAIN_MAPPING_CONDITIONS;

/** Whether a host may be used: upstream asks for a claim of the cluster's administrator, unless it may make them itself. */
export function claimProblem({ metadata }: DomainMapping, claim: ClusterDomainClaim | undefined): Cause | undefined {
  if (!claim) {
    const message = `no ClusterDomainClaim found for domain ${JSON.stringify(metadata.name)}`;
    return { reason: "DomainClaimFailed", message };
  }
  if (claim.spec.namespace === metadata.namespace) return undefined;
  return { reason: "DomainAlreadyClaimed", message: "The domain name is already in use by another DomainMapping" };
}

/** What the reference leads to: the name inside the cluster of a Knative Service or Route, or why there is none. */
export type Resolved = { host: string } | { problem: Cause };

export function resolveReference(
  { metadata, spec }: DomainMapping,
  addressOf: (kind: "Service" | "Route", namespace: string, name: string) => { url?: string } | undefined | "missing",
): Resolved {
  const { kind, name, apiVersion, group } = spec.ref;
  const namespace = metadata.namespace ?? "";
  const failed = (message: string): Resolved => ({ problem: { reason: "ResolveFailed", message } });
  const isServing = (apiVersion ?? `${group ?? ""}/`).startsWith("serving.knative.dev/");
  if (!isServing || (kind !== "Service" && kind !== "Route")) {
    return failed(`${apiVersion ?? group ?? ""} ${kind} cannot be mapped here: a DomainMapping leads to a Knative Service or Route`);
  }
  const address = addressOf(kind, namespace, name);
  if (address === "missing") {
    const resource = `${kind.toLowerCase()}s.serving.knative.dev`;
    return failed(`resolving reference: failed to get object ${namespace}/${name}: ${resource} ${JSON.stringify(name)} not found`);
  }
  const host = address?.url?.replace(/^https?:\/\//, "");
  return host ? { host } : failed(`resolving reference: address not set for ${kind} ${namespace}/${name}`);
}

/** What comes to the host before it is led on. */
export interface MappingEdge {
  redirectToTls: boolean;
  /** The reference's own: a domain is no way around it. */
  policy: TrafficPolicy | undefined;
}

/** The host, led to the reference's own name in the local gateway: its split is the Route's alone to say. */
export function makeMapping(mapping: DomainMapping, target: string, { redirectToTls, policy }: MappingEdge): RouteEntry {
  const { name: host, namespace, uid, creationTimestamp } = mapping.metadata;
  const rule = {
    name: `DomainMapping ${keyOf(mapping)}`,
    // It names its host, as net-istio's do: among others' rules for the host it keeps its place by age.
    matches: [{ authority: { prefix: host } }],
    action: { type: "forward" as const, destinations: [{ target: { gateway: "local" as const }, weight: 100 }] },
    authority: target,
  };
  const edge = { ...(redirectToTls ? { redirectToTls } : {}), ...(policy ? { policy } : {}) };
  const hosts = [{ host, visibility: "external" as const, splits: [], setHeaders: {}, rules: [rule], ...edge }];
  const order = orderOf(creationTimestamp, `${host}-ingress`, namespace);
  return { key: `domainmapping:${keyOf(mapping)}`, hash: meaningHash([uid, order, hosts]), order, hosts };
}

export interface MappingObserved {
  claim: Cause | undefined;
  /** Undefined as long as the domain is not claimed. */
  resolved: Resolved | undefined;
  /** Undefined when it names no certificate. */
  tls?: MappingTls | undefined;
  /** Of the certificate that is made for it; undefined: none is. */
  secured?: Secured | undefined;
  /** Undefined as long as there is nothing to serve. */
  ingress: IngressState | undefined;
  now: number;
}

const EXTERNAL: Secured["provisioned"] = {
  status: "True",
  cause: { reason: "CertificateExternallyProvided", message: "TLS certificate was provided externally" },
};

/** The status of a DomainMapping; after knative's domainmapping_lifecycle.go. */
export function mappingStatus(
  mapping: DomainMapping,
  { claim, resolved, tls, secured, ingress, now }: MappingObserved,
): NonNullable<DomainMapping["status"]> {
  const { generation, name } = mapping.metadata;
  let marks = conditions.initialize(mapping.status?.conditions, now);
  marks =
    tls && "problem" in tls
      ? conditions.markFalse(marks, "CertificateProvisioned", tls.problem, now)
      : markProvisioned(conditions, marks, tls ? EXTERNAL : (secured ?? TLS_NOT_ENABLED).provisioned, now);
  marks = claim ? conditions.markFalse(marks, "DomainClaimed", claim, now) : conditions.markTrue(marks, "DomainClaimed", now);
  if (resolved && "problem" in resolved) marks = conditions.markFalse(marks, "ReferenceResolved", resolved.problem, now);
  else if (resolved) marks = conditions.markTrue(marks, "ReferenceResolved", now);
  if (ingress?.state === "ready") marks = conditions.markTrue(marks, "IngressReady", now);
  else if (ingress?.state === "refused") marks = conditions.markFalse(marks, "IngressReady", ingress, now);
  else {
    const cause = ingress
      ? { reason: "Uninitialized", message: ingress.message }
      : { reason: "IngressNotConfigured", message: "Ingress has not yet been reconciled." };
    marks = conditions.markUnknown(marks, "IngressReady", cause, now);
  }
  const url = `${tls || secured?.hosts.has(name) ? "https" : "http"}://${name}`;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: marks,
    url,
    address: { url },
  };
}
