import { X509Certificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import type { Clock, Random } from "@ebb/base";
import { issueServer, makeAuthority, type KeyPair } from "./authority.ts";
import { lasts, readPair, writePair } from "./pki.ts";

const AUTHORITY_DAYS = 3650;
/** Let's Encrypt's. */
const LEAF_DAYS = 90;
/** X.520's bound on a common name. */
const LONGEST_NAME = 64;

/** A key with its certificate, who vouches for it (PEM), and when it ends (milliseconds since the epoch). */
export interface Issued extends KeyPair {
  authority: string;
  notAfter: number;
}

/** Certificates for the hosts of applications. */
export interface Issuer {
  issue(names: readonly string[]): Promise<Issued>;
}

/**
 * An authority of its own, kept in the folder as `serving-ca.*` and made at the first need. It is not the API's: whoever may ask for a certificate of
 * any name must not get one that the API's clients trust.
 */
export function createIssuer({ folder, clock, random }: { folder: string; clock: Clock; random: Random }): Issuer {
  let current: Promise<KeyPair | undefined> = Promise.resolve(undefined);
  const authorityOf = (): Promise<KeyPair> => {
    // One after the other: two that find none must not make two. Kept only while it can vouch for what it issues to the end of that.
    const next = current
      .catch(() => undefined)
      .then((pair) => (pair && lasts(pair, LEAF_DAYS, clock.now()) ? pair : open(folder, clock, random)));
    current = next;
    return next;
  };
  return {
    async issue(names) {
      const authority = await authorityOf();
      const validity = { now: clock.now(), days: LEAF_DAYS, random };
      const commonName = names.find((name) => name.length <= LONGEST_NAME) ?? "ebb";
      const pair = await issueServer(authority, names, validity, commonName);
      return { ...pair, authority: authority.certificate, notAfter: new X509Certificate(pair.certificate).validToDate.getTime() };
    },
  };
}

async function open(folder: string, clock: Clock, random: Random): Promise<KeyPair> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kept = await readPair(folder, "serving-ca");
  if (kept && lasts(kept, LEAF_DAYS, clock.now())) return kept;
  const made = await makeAuthority({ now: clock.now(), days: AUTHORITY_DAYS, random }, "ebb-serving-ca");
  await writePair(folder, "serving-ca", made);
  return made;
}
