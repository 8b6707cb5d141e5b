import { createSecureContext } from "node:tls";
import type { CertificateEntry } from "@ebb/gateway";
import type { Cause, DomainMapping, Secret } from "@ebb/kube";
import { pairIn } from "../certificate/tls-secret.ts";
import { keyOf } from "../engine/keys.ts";

/** What `spec.tls` of a DomainMapping comes to. */
export type MappingTls = { certificate: CertificateEntry } | { problem: Cause };

/** The certificate that somebody has put into a Secret of type `kubernetes.io/tls`, for this host alone; undefined when the mapping names none. */
export function mappingTls(mapping: DomainMapping, secret: Secret | undefined): MappingTls | undefined {
  const { secretName } = mapping.spec.tls ?? {};
  if (secretName === undefined) return undefined;
  const failed = (why: string): MappingTls => ({
    problem: { reason: "CertificateProvisionFailed", message: `secret ${JSON.stringify(secretName)} ${why}` },
  });
  if (!secret) return failed("not found");
  const [cert, key] = pairIn(secret);
  if (!cert || !key) return failed("must have tls.crt and tls.key");
  try {
    createSecureContext({ cert, key });
  } catch {
    // What it says may quote the key.
    return failed("has no certificate and private key, in PEM, that belong together");
  }
  return {
    certificate: { key: `domainmapping:${keyOf(mapping)}`, hosts: [mapping.metadata.name], source: { certificate: cert, privateKey: key } },
  };
}
