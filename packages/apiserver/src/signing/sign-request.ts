import type { Random } from "@ebb/base";
import type { SigningRequest } from "@ebb/kube";
import { KeyUsageFlags } from "@peculiar/x509";
import { DAY, signClient, type KeyPair } from "../pki/authority.ts";
import { readRequest } from "./read-request.ts";

/** What a client's certificate may be for; `client auth` it must be. */
const FLAGS: Readonly<Record<string, number>> = {
  "client auth": 0,
  "digital signature": KeyUsageFlags.digitalSignature,
  "key encipherment": KeyUsageFlags.keyEncipherment,
};
/** kube-controller-manager's --cluster-signing-duration. */
const LONGEST_DAYS = 365;

export interface Signer {
  authority: KeyPair;
  /** Milliseconds since the epoch. */
  now: number;
  random: Random;
}

/** A certificate (PEM) for what was asked for, or why this signer gives none; as k8s.io/kubernetes pkg/controller/certificates/signer. */
export async function signRequest(
  request: SigningRequest,
  { authority, now, random }: Signer,
): Promise<{ certificate: string } | { failure: string }> {
  const { usages, expirationSeconds } = request.spec;
  const unknown = usages.find((usage) => FLAGS[usage] === undefined);
  if (unknown !== undefined) return { failure: `invalid usage for client certificate: ${unknown}` };
  if (!usages.includes("client auth")) return { failure: "missing required usage for client certificate: client auth" };
  const asked = readRequest(request);
  if (!(await isGenuine(asked))) return { failure: "the request is not signed by the key that it is for" };
  const flags = usages.reduce((sum, usage) => sum | (FLAGS[usage] ?? 0), 0);
  const days = Math.min(expirationSeconds === undefined ? LONGEST_DAYS : (expirationSeconds * 1000) / DAY, LONGEST_DAYS);
  return { certificate: await signClient(authority, { request: asked, usages: flags }, { now, days, random }) };
}

async function isGenuine(request: ReturnType<typeof readRequest>): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    // A key of a sort that cannot be checked here is none that may be vouched for.
    return false;
  }
}
