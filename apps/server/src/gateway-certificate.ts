import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock, systemRandom, UserError } from "@ebb/base";
import type { CertificateEntry } from "@ebb/gateway";
import type { ServerConfig } from "./config.ts";

/**
 * What the TLS port serves hosts with that have no certificate of their own: the operator's files, else one of our own making in `folder`.
 * Undefined when there is no such port. Throws UserError `bad_certificate`.
 */
export async function gatewayCertificate(config: ServerConfig, folder: string): Promise<CertificateEntry | undefined> {
  const { tlsPort, tlsFiles, clusterName, baseDomain, host } = config;
  if (tlsPort === undefined) return undefined;
  if (tlsFiles) await check(tlsFiles);
  else {
    // Read when it is needed only: a gateway that was killed is back 150 ms sooner.
    const { loadCertificate } = await import("@ebb/apiserver");
    await loadCertificate({ folder, name: "gateway", hosts: [`*.sls-${clusterName}.${baseDomain}`, "localhost", host] }, TOOLS);
  }
  const { certificate, key } = tlsFiles ?? { certificate: join(folder, "gateway.crt"), key: join(folder, "gateway.key") };
  return { key: "gateway", hosts: [], source: { certificateFile: certificate, privateKeyFile: key } };
}

const TOOLS = { clock: systemClock, random: systemRandom };

async function check({ certificate, key }: { certificate: string; key: string }): Promise<void> {
  const hint = "Give PEM files that this user may read: the certificate with its chain, and its private key without a passphrase.";
  let fit: boolean;
  try {
    const privateKey = createPrivateKey(await readFile(key));
    fit = new X509Certificate(await readFile(certificate)).checkPrivateKey(privateKey);
  } catch (cause) {
    throw new UserError("bad_certificate", `cannot read --tls-certificate ${certificate} or --tls-key ${key}`, { hint, cause });
  }
  if (!fit) throw new UserError("bad_certificate", `the key ${key} is not that of the certificate ${certificate}`, { hint });
}
