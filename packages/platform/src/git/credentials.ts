import type { CreateGitCredential, GitCredential } from "@ebb/api";
import { fingerprintOf, generateDeployKey, hostKeys, readDeployKey, type GitCredential as BuilderCredential } from "@ebb/builder";
import type { Selectable } from "kysely";
import type { Database } from "../database/database.ts";
import type { GitCredentialTable } from "../database/git-tables.ts";
import { refuse } from "../errors.ts";
import type { Vault } from "../secrets/vault.ts";
import { covers, parsePrefix, type GitAddress } from "./url.ts";

export type CredentialRow = Selectable<GitCredentialTable>;

/** Git servers take any name with a token; this one says who it was. */
const DEFAULT_USER = "ebb";
const identityOf = (id: string) => ["git credential", id];

export async function listCredentials(db: Database, team: string): Promise<CredentialRow[]> {
  return db.selectFrom("git_credentials").selectAll().where("team", "=", team).orderBy("prefix").orderBy("kind").execute();
}

/** Of those that fit, the one that says most. */
export function fittingCredential(rows: readonly CredentialRow[], { scheme, place }: GitAddress): CredentialRow | undefined {
  const kind = scheme === "ssh" ? "ssh" : "token";
  return rows.filter((row) => row.kind === kind && covers(row.prefix, place)).toSorted((a, b) => b.prefix.length - a.prefix.length)[0];
}

export async function openCredential(vault: Vault, row: CredentialRow): Promise<BuilderCredential> {
  const secret = await vault.open(row.team, identityOf(row.id), row.sealed);
  return row.kind === "token" ? { kind: "token", user: row.account, secret } : { kind: "ssh", key: secret, knownHosts: row.known_hosts };
}

/** Not stored yet. Throws `git_credential_invalid`. */
export async function makeCredential(
  vault: Vault,
  about: Pick<CredentialRow, "id" | "team" | "created_at" | "created_by">,
  body: CreateGitCredential,
): Promise<CredentialRow> {
  const prefix = parsePrefix(body.prefix);
  const { kind, knownHosts = "" } = body;
  const refused = (message: string, hint: string) => refuse("git_credential_invalid", message, { hint });
  if (kind === "token" && (body.key !== undefined || knownHosts !== ""))
    throw refused("A token has no key", "Choose the kind ssh for a deploy key.");
  if (kind === "ssh" && body.token !== undefined) throw refused("A deploy key has no token", "Choose the kind token.");
  if (kind === "token") {
    if (body.token === undefined)
      throw refused("There is no token", "Make one at the Git server that may read repositories, and nothing else.");
    const { sealed } = await vault.seal(about.team, identityOf(about.id), body.token);
    return { ...about, prefix, kind, account: body.user ?? DEFAULT_USER, public_key: "", known_hosts: "", sealed };
  }
  const pair = body.key === undefined ? generateDeployKey(`ebb-${about.team}`) : readDeployKey(withEnd(body.key));
  if (!pair) throw refused("This is not a private key, or it takes a passphrase", "Give a key without one, or let Ebb make it.");
  if (hostKeys(knownHosts) === undefined) throw refused("These are not keys of an SSH server", "Paste lines of: ssh-keyscan HOST.");
  const { sealed } = await vault.seal(about.team, identityOf(about.id), pair.key);
  return { ...about, prefix, kind, account: "", public_key: pair.publicKey, known_hosts: knownHosts, sealed };
}

/** In the place of one with the same prefix and kind. */
export async function storeCredential(db: Database, row: CredentialRow): Promise<void> {
  const { team, prefix, kind } = row;
  await db.deleteFrom("git_credentials").where("team", "=", team).where("prefix", "=", prefix).where("kind", "=", kind).execute();
  await db.insertInto("git_credentials").values(row).execute();
}

/** The first key that a server shows is the one that it has to show from then on. */
export async function keepHostKey(db: Database, { id, known_hosts }: CredentialRow, hostKey: string): Promise<void> {
  if (known_hosts !== "") return;
  await db.updateTable("git_credentials").set({ known_hosts: hostKey }).where("id", "=", id).where("known_hosts", "=", "").execute();
}

export function viewCredential(row: CredentialRow): GitCredential {
  return {
    id: row.id,
    prefix: row.prefix,
    kind: row.kind,
    user: row.account,
    publicKey: row.public_key || null,
    fingerprint: row.public_key === "" ? null : fingerprintOf(row.public_key),
    knownHosts: row.known_hosts,
    createdAt: new Date(row.created_at).toISOString(),
    createdBy: row.created_by,
  };
}

/** A key's last line is lost when it is pasted. */
function withEnd(key: string): string {
  return `${key.trim()}\n`;
}
