import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { readIfThere, replaceFile, type Clock, type Random } from "@ebb/base";
import { DAY, issueClient, issueServer, makeAuthority, type KeyPair } from "./authority.ts";

const AUTHORITY_DAYS = 3650;
/** kubeadm's. */
const LEAF_DAYS = 365;
/** A new authority is made when the old one could not vouch for a leaf to its end. */
const AUTHORITY_RENEWAL_DAYS = LEAF_DAYS + 30;
const LEAF_RENEWAL_DAYS = 120;

export interface Pki {
  /** Those that clients and servers trust: the current authority, and the one before while it is valid. PEM. */
  authorities: string;
  /** The current authority, with which clients' certificates are signed. */
  authority: KeyPair;
  server: KeyPair;
  /** In the group `system:masters`. */
  admin: KeyPair;
  /** Signs ServiceAccount tokens; RSA, because that is what every reader of OpenID tokens must know. PEM. */
  accountKey: string;
}

export interface PkiOptions {
  /** Only its owner may read what is in it. */
  folder: string;
  /** Addresses and names by which clients reach the server. */
  names: readonly string[];
  admin: { name: string; groups: readonly string[] };
  clock: Clock;
  random: Random;
}

/**
 * Keys and certificates of the cluster, kept in a folder: `ca.crt` (with the authority before it), `ca.key`, `server.*`, `admin.*`, `sa.key`.
 * Each is made anew when it is missing, unreadable, soon over, from another authority, or (the server's) lacks a name. Safe to call at any
 * time; what is good stays as it is.
 */
export async function loadPki({ folder, names, admin, clock, random }: PkiOptions): Promise<Pki> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const now = clock.now();
  const validity = { now, days: LEAF_DAYS, random };
  const kept = await readPair(folder, "ca");
  const usable = kept && lasts(kept, AUTHORITY_RENEWAL_DAYS, now) ? kept : undefined;
  const authority = usable
    ? { ...usable, certificate: firstOf(usable.certificate) }
    : await makeAuthority({ now, days: AUTHORITY_DAYS, random });
  const authorities = usable ? usable.certificate : authority.certificate + (kept && lasts(kept, 0, now) ? firstOf(kept.certificate) : "");
  if (!usable) await writePair(folder, "ca", { certificate: authorities, key: authority.key });
  const leaf = async (name: string, make: () => Promise<KeyPair>, fits: (certificate: X509Certificate) => boolean) => {
    const found = await readPair(folder, name);
    if (found && lasts(found, LEAF_RENEWAL_DAYS, now) && isFrom(found, authority) && fits(new X509Certificate(found.certificate)))
      return found;
    const made = await make();
    await writePair(folder, name, made);
    return made;
  };
  return {
    authorities,
    authority,
    server: await leaf(
      "server",
      () => issueServer(authority, names, validity),
      (found) => names.every((name) => isNamed(found, name)),
    ),
    admin: await leaf(
      "admin",
      () => issueClient(authority, admin, validity),
      ({ subject }) => subject.includes(`CN=${admin.name}`),
    ),
    accountKey: await loadAccountKey(folder),
  };
}

async function loadAccountKey(folder: string): Promise<string> {
  const path = join(folder, "sa.key");
  const found = await readIfThere(path);
  if (found !== undefined && isPrivateKey(found)) return found;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const made = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await replaceFile(path, made, 0o600);
  return made;
}

function isPrivateKey(text: string): boolean {
  try {
    return createPrivateKey(text).asymmetricKeyType === "rsa";
  } catch {
    // Half written or damaged: as good as missing.
    return false;
  }
}

/** Whether the pair belongs together and is valid for so many days more. */
export function lasts({ certificate, key }: KeyPair, days: number, now: number): boolean {
  try {
    const parsed = new X509Certificate(certificate);
    return parsed.checkPrivateKey(createPrivateKey(key)) && parsed.validToDate.getTime() - now > days * DAY;
  } catch {
    // Half written or damaged: as good as missing.
    return false;
  }
}

function isFrom({ certificate }: KeyPair, authority: KeyPair): boolean {
  return new X509Certificate(certificate).verify(new X509Certificate(authority.certificate).publicKey);
}

function isNamed(certificate: X509Certificate, name: string): boolean {
  return (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
}

function firstOf(certificates: string): string {
  return `${certificates.split("-----END CERTIFICATE-----")[0] ?? ""}-----END CERTIFICATE-----\n`;
}

export async function readPair(folder: string, name: string): Promise<KeyPair | undefined> {
  const certificate = await readIfThere(join(folder, `${name}.crt`));
  const key = await readIfThere(join(folder, `${name}.key`));
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

export async function writePair(folder: string, name: string, { certificate, key }: KeyPair): Promise<void> {
  // The key first: a certificate whose key is not the one beside it is seen as unusable, and both are made anew.
  await replaceFile(join(folder, `${name}.key`), key, 0o600);
  await replaceFile(join(folder, `${name}.crt`), certificate, 0o600);
}
