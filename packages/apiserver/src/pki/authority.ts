import type { webcrypto } from "node:crypto";
import { isIP } from "node:net";
import type { Random } from "@ebb/base";
// Its dependency injection wants this to be there first.
import "reflect-metadata";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type Name,
  PemConverter,
  type Pkcs10CertificateRequest,
  type PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

export const DAY = 24 * 3_600_000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ALTERNATIVE_NAMES = "2.5.29.17";

/** PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
}
export interface Validity {
  /** Milliseconds since the epoch. */
  now: number;
  days: number;
  random: Random;
}

/** A certificate authority of the cluster's own. */
export async function makeAuthority({ now, days, random }: Validity, name = "ebb-ca"): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // Each its own name: a client that knows an older one must not take it for this one.
    name: [{ CN: [`${name}@${Math.floor(now / 1000)}`] }],
    ...lifetime({ now, days, random }),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pemOf(certificate, keys.privateKey);
}

/** For a server, the API's unless it is given a name, at each of these addresses and names. */
export function issueServer(
  authority: KeyPair,
  names: readonly string[],
  validity: Validity,
  commonName = "kube-apiserver",
): Promise<KeyPair> {
  const alternatives = names.map((value) => ({ type: isIP(value) ? ("ip" as const) : ("dns" as const), value }));
  const extensions = [new ExtendedKeyUsageExtension([SERVER_AUTH]), new SubjectAlternativeNameExtension(alternatives)];
  return issue(authority, { subject: [{ CN: [commonName] }], extensions }, validity);
}

/** For a client: the common name is the user, each organisation a group. */
export function issueClient(authority: KeyPair, user: { name: string; groups: readonly string[] }, validity: Validity): Promise<KeyPair> {
  const subject = [...user.groups.map((group) => ({ O: [group] })), { CN: [user.name] }];
  return issue(authority, { subject, extensions: [new ExtendedKeyUsageExtension([CLIENT_AUTH])] }, validity);
}

/** To somebody who keeps their key to themselves: the subject and the names that their request asks for, for a client. PEM. */
export async function signClient(
  authority: KeyPair,
  { request, usages }: { request: Pkcs10CertificateRequest; usages: number },
  validity: Validity,
): Promise<string> {
  const names = request.getExtension(ALTERNATIVE_NAMES);
  const extensions = [new ExtendedKeyUsageExtension([CLIENT_AUTH]), ...(names ? [names] : [])];
  const leaf = { subject: request.subjectName, publicKey: request.publicKey, usages, extensions };
  const certificate = await signLeaf(authority, leaf, validity);
  return `${certificate.toString("pem")}\n`;
}

interface Leaf {
  subject: Record<string, string[]>[];
  extensions: (ExtendedKeyUsageExtension | SubjectAlternativeNameExtension)[];
}

async function issue(authority: KeyPair, { subject, extensions }: Leaf, validity: Validity): Promise<KeyPair> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const usages = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment;
  return pemOf(await signLeaf(authority, { subject, publicKey, usages, extensions }, validity), privateKey);
}

interface Signed {
  subject: Leaf["subject"] | Name;
  publicKey: webcrypto.CryptoKey | PublicKey;
  usages: number;
  extensions: Extension[];
}

async function signLeaf(
  authority: KeyPair,
  { subject, publicKey, usages, extensions }: Signed,
  validity: Validity,
): Promise<X509Certificate> {
  const issuer = new X509Certificate(authority.certificate);
  const [der] = PemConverter.decode(authority.key);
  if (!der) throw new Error("the key of the certificate authority is empty");
  const signingKey = await crypto.subtle.importKey("pkcs8", der, ALGORITHM, false, ["sign"]);
  return X509CertificateGenerator.create({
    subject,
    issuer: issuer.subject,
    ...lifetime(validity),
    signingAlgorithm: ALGORITHM,
    signingKey,
    publicKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      ...(usages === 0 ? [] : [new KeyUsagesExtension(usages, true)]),
      ...extensions,
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
}

function lifetime({ now, days, random }: Validity) {
  return {
    // Positive: its first digit is a 1.
    serialNumber: random.uuid().replaceAll("-", "").replace(/^./, "1"),
    // An hour back, for clocks that are not quite right.
    notBefore: new Date(now - DAY / 24),
    notAfter: new Date(now + days * DAY),
  };
}

async function pemOf(certificate: X509Certificate, privateKey: webcrypto.CryptoKey): Promise<KeyPair> {
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", privateKey), "PRIVATE KEY");
  return { certificate: `${certificate.toString("pem")}\n`, key: `${key}\n` };
}
