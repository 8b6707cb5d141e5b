import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { createSecureContext } from "node:tls";
import { refuse } from "../errors.ts";

/** What is known of a certificate from itself; times are milliseconds since the epoch. */
export interface CertificateFacts {
  issuer: string;
  names: string[];
  notBefore: number;
  notAfter: number;
  fingerprint: string;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
/** Of a chain with its cross-signed intermediates. */
const LONGEST_CHAIN = 10;
/** A weaker key is refused by browsers. */
const SMALLEST_RSA = 2048;

export function certificateFacts(pem: string): CertificateFacts {
  return factsOf(new X509Certificate(pem));
}

function factsOf(leaf: X509Certificate): CertificateFacts {
  const names = (leaf.subjectAltName ?? "").split(", ").flatMap((name) => (name.startsWith("DNS:") ? [name.slice(4)] : []));
  const issuer = /^(?:CN|O)=(.+)$/m.exec(leaf.issuer.split("\n").reverse().join("\n"))?.[1] ?? leaf.issuer.replaceAll("\n", ", ");
  return {
    issuer,
    names,
    notBefore: leaf.validFromDate.getTime(),
    notAfter: leaf.validToDate.getTime(),
    fingerprint: leaf.fingerprint256,
  };
}

/**
 * Whether TLS can serve `host` with it from `now` on: its parts can be read, each is signed by the next, the key is the first one's, it is for the
 * host, and its time has begun and not ended. Throws `invalid_certificate`, which never quotes what was given.
 */
export function checkCertificate(host: string, given: { certificate: string; key: string }, now: number): CertificateFacts {
  const [leaf, ...chain] = parseChain(given.certificate);
  if (!leaf) throw no("There is no certificate in it", "Give PEM: -----BEGIN CERTIFICATE----- …, the host's own first, then its chain.");
  const key = parseKey(given.key);
  if (!leaf.checkPrivateKey(key))
    throw no("The key is not that of the first certificate", "The host's own certificate comes first, its chain after it.");
  if (key.asymmetricKeyType === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) < SMALLEST_RSA) {
    throw no(`The RSA key is shorter than ${SMALLEST_RSA} bits`, "Browsers refuse it: make another.");
  }
  checkOrder(leaf, chain);
  if (leaf.checkHost(host, { subject: "never" }) === undefined) {
    if (leaf.ca) throw no("The first certificate is an authority's", "Put the host's own certificate first.");
    const names = factsOf(leaf).names.slice(0, 5).join(", ") || "no host";
    throw no(`The certificate is for ${names}, not for ${host}`, "Get one with that name among its subject alternative names.");
  }
  for (const each of [leaf, ...chain]) checkTime(each, now);
  try {
    createSecureContext({ cert: given.certificate, key: given.key });
  } catch {
    throw no("TLS cannot use the certificate with the key", "Check both with: openssl x509 -in FILE -noout -text.");
  }
  return factsOf(leaf);
}

function parseChain(pem: string): X509Certificate[] {
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length > LONGEST_CHAIN)
    throw no(`There are more than ${LONGEST_CHAIN} certificates in it`, "Give the host's own and its chain alone.");
  return blocks.map((block, at) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw no(`Certificate ${at + 1} in it cannot be read`, "Give whole PEM blocks.");
    }
  });
}

function parseKey(pem: string): KeyObject {
  if (pem.includes("ENCRYPTED")) throw no("The key has a passphrase", "Give it without: openssl pkey -in KEY -out PLAIN.");
  try {
    return createPrivateKey(pem);
  } catch {
    throw no("The key cannot be read", "Give it in PEM: -----BEGIN PRIVATE KEY----- …");
  }
}

function checkOrder(leaf: X509Certificate, chain: readonly X509Certificate[]): void {
  let below = leaf;
  for (const [at, issuer] of chain.entries()) {
    if (!below.checkIssued(issuer) || !below.verify(issuer.publicKey)) {
      throw no(
        `Certificate ${at + 2} has not issued the one before it`,
        "Put them in order: the host's own, then whoever has signed it, and so on.",
      );
    }
    below = issuer;
  }
}

function checkTime(certificate: X509Certificate, now: number): void {
  if (now >= certificate.validToDate.getTime()) throw no(`It ended on ${day(certificate.validToDate)}`, "Get a new one.");
  if (now < certificate.validFromDate.getTime())
    throw no(`It begins on ${day(certificate.validFromDate)} only`, "Wait until then, or check the clock.");
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function no(message: string, hint: string): Error {
  return refuse("invalid_certificate", message, { hint });
}
