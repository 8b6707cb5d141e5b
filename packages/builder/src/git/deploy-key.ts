import { createHash } from "node:crypto";
import ssh2, { type ParsedKey } from "ssh2";

export interface DeployKey {
  /** In OpenSSH's form. */
  key: string;
  /** For the server's list of deploy keys. */
  publicKey: string;
}

/** A new pair; the private half is shown nowhere. */
export function generateDeployKey(comment: string): DeployKey {
  const pair = ssh2.utils.generateKeyPairSync("ed25519", { comment });
  return { key: pair.private, publicKey: pair.public };
}

/** The pair of a private key; undefined for what is none, or wants a passphrase. */
export function readDeployKey(key: string): DeployKey | undefined {
  const parsed = ssh2.utils.parseKey(key);
  const first: ParsedKey | undefined = Array.isArray(parsed) ? parsed[0] : parsed instanceof Error ? undefined : parsed;
  if (!first?.isPrivateKey()) return undefined;
  return { key, publicKey: `${first.type} ${first.getPublicSSH().toString("base64")}` };
}

/** As `ssh-keygen -l` shows it. */
export function fingerprintOf(publicKey: string): string {
  const bytes = Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(bytes).digest("base64").replace(/=+$/, "")}`;
}

/** The last two words of a line are the key's type and itself, with a host in front or not. Undefined: no line of that form. */
export function hostKeys(text: string): { type: string; key: string }[] | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const keys = lines.map((line) => /(?:^|\s)((?:ssh|ecdsa)-\S+)\s+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(line));
  if (keys.some((found) => found === null)) return undefined;
  return keys.map((found) => ({ type: found?.[1] ?? "", key: found?.[2] ?? "" }));
}
