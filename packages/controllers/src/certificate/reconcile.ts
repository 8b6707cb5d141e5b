import { X509Certificate, createPrivateKey } from "node:crypto";
import { isIP } from "node:net";
import type { CertificateEntry } from "@ebb/gateway";
import { createConditions, Certificates, type Cause, type Certificate, type Secret } from "@ebb/kube";
import { rfc3339 } from "@ebb/base";
import { controllerRef, isControlledBy, keyOf } from "../engine/keys.ts";
import { pairIn } from "./tls-secret.ts";

export const CERTIFICATE_CONDITIONS = createConditions({ ready: "Ready", dependents: [] });

const DAY = 86_400_000;
/** As cert-manager does it: when a third of the time is left. */
const RENEWAL = 30 * DAY;

/** RFC 9525 §6.3; X.509 has no bound on how many, but a Secret has one on its size. */
const DNS_NAME = /^(?=.{1,253}$)(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const MOST_NAMES = 100;

function namesProblem({ spec: { dnsNames } }: Certificate): Cause | undefined {
  const failed = (message: string): Cause => ({ reason: "InvalidNames", message });
  if (dnsNames.length === 0 || dnsNames.length > MOST_NAMES) return failed(`dnsNames must have 1 to ${MOST_NAMES} names`);
  const bad = dnsNames.find((name) => !DNS_NAME.test(name) || isIP(name) !== 0);
  return bad === undefined ? undefined : failed(`${JSON.stringify(bad.slice(0, 80))} in dnsNames is not a DNS name in lower case`);
}

/** What came of the Secret that a Certificate names. */
export type Kept = { state: "good"; notAfter: number } | { state: "make" } | { state: "refused"; cause: Cause };

/** Whether what is in the Secret will do: of these names, with its key, and not soon over. */
export function keptIn(certificate: Certificate, secret: Secret | undefined, now: number): Kept {
  const problem = namesProblem(certificate);
  if (problem) return { state: "refused", cause: problem };
  if (!secret) return { state: "make" };
  if (!isControlledBy(secret, certificate)) {
    const message = `Secret ${JSON.stringify(secret.metadata.name)} is there and not this Certificate's: name another, or delete it.`;
    return { state: "refused", cause: { reason: "SecretNotOwned", message } };
  }
  const [cert, key] = pairIn(secret);
  try {
    const parsed = new X509Certificate(cert);
    const notAfter = parsed.validToDate.getTime();
    const names = (parsed.subjectAltName ?? "").split(", ").map((name) => name.replace(/^DNS:/, ""));
    const same = names.toSorted().join() === certificate.spec.dnsNames.toSorted().join();
    if (same && notAfter - now > RENEWAL && parsed.checkPrivateKey(createPrivateKey(key))) return { state: "good", notAfter };
  } catch {
    // Half written or damaged: as good as missing.
  }
  return { state: "make" };
}

/** When to look again, milliseconds from now. */
export function untilRenewal(notAfter: number, now: number): number {
  return Math.min(Math.max(notAfter - RENEWAL - now, 0), DAY);
}

export function makeSecret(certificate: Certificate, issued: { certificate: string; key: string; authority: string }): Secret {
  const { name, namespace = "" } = certificate.metadata;
  const encode = (text: string) => Buffer.from(text).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: certificate.spec.secretName,
      namespace,
      labels: { "networking.internal.knative.dev/certificate": name.slice(0, 63) },
      ownerReferences: [controllerRef(Certificates, certificate)],
    },
    type: "kubernetes.io/tls",
    data: { "tls.crt": encode(issued.certificate), "tls.key": encode(issued.key), "ca.crt": encode(issued.authority) },
  };
}

export function certificateStatus(
  certificate: Certificate,
  outcome: { notAfter: number } | { cause: Cause },
  now: number,
): NonNullable<Certificate["status"]> {
  const { generation } = certificate.metadata;
  const before = CERTIFICATE_CONDITIONS.initialize(certificate.status?.conditions, now);
  const conditions =
    "cause" in outcome
      ? CERTIFICATE_CONDITIONS.markFalse(before, "Ready", outcome.cause, now)
      : CERTIFICATE_CONDITIONS.markTrue(before, "Ready", now);
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions,
    ...("notAfter" in outcome ? { notAfter: rfc3339(outcome.notAfter) } : {}),
  };
}

/** Ready for the very names that it asks for now. */
export function isReady({ metadata, status }: Certificate): boolean {
  return status?.observedGeneration === metadata.generation && CERTIFICATE_CONDITIONS.isReady(status?.conditions);
}

/** What the gateway is given of a Certificate that is ready. */
export function gatewayEntry(certificate: Certificate, secret: Secret | undefined): CertificateEntry | undefined {
  if (!secret || !isReady(certificate)) return undefined;
  const [cert, key] = pairIn(secret);
  if (!cert || !key) return undefined;
  return {
    key: `certificate:${keyOf(certificate)}`,
    hosts: certificate.spec.dnsNames,
    source: { certificate: cert, privateKey: key },
  };
}
