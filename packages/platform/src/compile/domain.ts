import { createHash } from "node:crypto";
import type { DomainMapping, HttpRoute, VirtualService } from "@ebb/kube";
import { MANAGED_BY, PLATFORM_LABELS } from "../cluster/port.ts";

/** A path of a domain that answers with a text. */
export interface DomainAnswer {
  path: string;
  body: string;
}

export interface DomainInput {
  domain: string;
  app: string;
  namespace: string;
}

/** Of the domain's objects that cannot be called as it is: a domain may be longer than a label. */
export function domainObject(domain: string): string {
  return createHash("sha256").update(domain).digest("hex").slice(0, 20);
}

/**
 * It must come before the DomainMapping's own rule for the host, which takes everything. Of VirtualServices for one host the older comes first,
 * and this one is; within one second the name decides, and nothing that is likely to be a host sorts before this.
 */
export function domainRulesName(domain: string): string {
  return `0-ebb-domain-${domainObject(domain)}`;
}

export function domainSecretName(domain: string): string {
  return `ebb-domain-${domainObject(domain)}`;
}

const INGRESS_GATEWAY = "knative-serving/knative-ingress-gateway";

/** What is answered before the app: proofs of ownership and of the ACME server's challenge, then the rules of an app that has some. Pure. */
export function compileDomainRules(
  { domain, app, namespace }: DomainInput,
  answers: readonly DomainAnswer[],
  rest: readonly HttpRoute[],
): VirtualService {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: domainRulesName(domain), namespace, labels: labelsOf(app) },
    spec: {
      gateways: [INGRESS_GATEWAY],
      hosts: [domain],
      http: [
        ...answers.map(({ path, body }): HttpRoute => ({
          name: "proof",
          match: [{ uri: { exact: path } }],
          directResponse: { status: 200, body: { string: body } },
          headers: { response: { set: { "content-type": "text/plain", "cache-control": "no-store" } } },
        })),
        ...rest,
      ],
    },
  };
}

/** `secure`: its certificate is in the cluster. `redirect`: HTTP is sent to HTTPS. Pure. */
export function compileMapping(
  { domain, app, namespace }: DomainInput,
  { secure, redirect }: { secure: boolean; redirect: boolean },
): DomainMapping {
  return {
    apiVersion: "serving.knative.dev/v1beta1",
    kind: "DomainMapping",
    metadata: {
      name: domain,
      namespace,
      labels: labelsOf(app),
      annotations: { [HTTP_PROTOCOL]: redirect ? "Redirected" : "Enabled" },
    },
    spec: {
      ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: app },
      ...(secure ? { tls: { secretName: domainSecretName(domain) } } : {}),
    },
  };
}

/** Knative's own. */
const HTTP_PROTOCOL = "networking.knative.dev/http-protocol";

function labelsOf(app: string): Record<string, string> {
  return { [PLATFORM_LABELS.managedBy]: MANAGED_BY, [PLATFORM_LABELS.app]: app };
}
