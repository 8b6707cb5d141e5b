import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { readIfThere, replaceFile, type Clock, type Random } from "@ebb/base";
// Its dependency injection wants this to be there first.
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

const DAY = 24 * 3_600_000;
const VALID_DAYS = 3650;
/** Renewed at a start that finds less left. */
const RENEW_DAYS = 365;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** PEM. */
export interface Certificate {
  certificate: string;
  key: string;
}

/**
 * A self-signed certificate for these names, kept as `NAME.crt` and `NAME.key` in `folder` so that whoever was told to trust it can go on
 * doing so. Made anew when it is missing, soon over, unreadable, or not for the first name.
 */
export async function loadCertificate(
  { folder, name, hosts }: { folder: string; name: string; hosts: readonly [string, ...string[]] },
  { clock, random }: { clock: Clock; random: Random },
): Promise<Certificate> {
  const paths = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const kept = await read(paths);
  if (kept && fits(kept, hosts[0].replace("*", "any"), clock.now())) return kept;
  const made = await makeCertificate(hosts, clock.now(), random);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The key first: a certificate whose key is not the one beside it is seen as unusable, and both are made anew.
  await replaceFile(paths.key, made.key, 0o600);
  await replaceFile(paths.certificate, made.certificate, 0o600);
  return made;
}

/** Self-signed, for ten years from `now`. */
export async function makeCertificate(hosts: readonly string[], now: number, random: Random): Promise<Certificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const names = [...new Set(hosts)].map((value) => ({ type: isIP(value) ? ("ip" as const) : ("dns" as const), value }));
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=ebb",
    serialNumber: random.uuid().replaceAll("-", "").replace(/^./, "1"),
    // An hour back, for clocks that are not quite right.
    notBefore: new Date(now - DAY / 24),
    notAfter: new Date(now + VALID_DAYS * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      // It vouches for itself, which some verifiers allow a certificate authority alone.
      new BasicConstraintsExtension(true, undefined, true),
      new ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"]),
      new SubjectAlternativeNameExtension(names),
    ],
  });
  const key = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const lines = key.replace(/.{64}(?=.)/g, "$&\n");
  return { certificate: `${certificate.toString("pem")}\n`, key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n` };
}

async function read(paths: Certificate): Promise<Certificate | undefined> {
  const certificate = await readIfThere(paths.certificate);
  const key = await readIfThere(paths.key);
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

function fits({ certificate, key }: Certificate, host: string, now: number): boolean {
  try {
    const parsed = new X509Certificate(certificate);
    const named = isIP(host) ? parsed.checkIP(host) : parsed.checkHost(host);
    const lasts = parsed.validToDate.getTime() - now > RENEW_DAYS * DAY;
    return parsed.checkPrivateKey(createPrivateKey(key)) && named !== undefined && lasts;
  } catch {
    // Half written or damaged: as good as missing.
    return false;
  }
}
