import type { GitSource } from "@ebb/builder";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { systemCode, TransientError } from "@ebb/base";
import type { Database } from "../database/database.ts";
import type { Deps, GitOrder } from "../deploy/context.ts";
import { operationError, refuse } from "../errors.ts";
import { fittingCredential, listCredentials, openCredential, type CredentialRow } from "./credentials.ts";
import { readGitSettings } from "./settings.ts";
import { mayBePlain, mayReach } from "./targets.ts";
import { parseGitUrl, type GitAddress } from "./url.ts";

const ASK = "A platform administrator allows it: ebb repo servers --allow HOST.";

/** What can be said before anything is looked up. Throws `git_url_invalid` and `git_target_refused`. */
export async function checkAddress(db: Database, url: string): Promise<GitAddress> {
  const address = parseGitUrl(url);
  const { allow } = await readGitSettings(db);
  if (address.scheme === "http" && !mayBePlain(allow, address.host)) {
    throw refuse("git_target_refused", `${address.host} is not a server that may be spoken to by plain HTTP`, {
      hint: `Use https://. ${ASK}`,
    });
  }
  return address;
}

/**
 * The source as the builder takes it: its server's address looked up once, checked against the administrator's policy, and used as it was
 * checked; and the team's credentials for it. Throws `git_target_refused`, `git_host_unknown` and `git_credential_missing`.
 */
export async function gitSource(
  { db, vault }: Pick<Deps, "db" | "vault">,
  team: string,
  order: GitOrder,
): Promise<{ source: GitSource; credential: CredentialRow | undefined }> {
  const address = parseGitUrl(order.url);
  const settings = await readGitSettings(db);
  const addresses = await addressesOf(address.host);
  const plain = address.scheme !== "http" || mayBePlain(settings.allow, address.host);
  // One that is refused among several is enough: which is used would be left to chance.
  if (!plain || !addresses.every((one) => mayReach(settings, address.host, one))) {
    throw operationError(
      "git_target_refused",
      `${address.host} (${addresses[0] ?? ""}) is not a Git server that this platform may speak to`,
      {
        hint: ASK,
      },
    );
  }
  const credential = fittingCredential(await listCredentials(db, team), address);
  if (address.scheme === "ssh" && !credential) {
    throw operationError("git_credential_missing", `The team ${team} has no deploy key for ${address.place}`, {
      hint: `Make one: ebb repo key ${address.place} --ssh. Then give its public half to the Git server.`,
    });
  }
  const opened = credential && (await openCredential(vault, credential));
  return { source: { ...order, address: addresses[0] ?? "", credential: opened }, credential };
}

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (cause) {
    if (systemCode(cause) === "EAI_AGAIN") throw new TransientError("git_host_unknown", `${host} cannot be looked up now`, { cause });
    throw operationError("git_host_unknown", `There is no server ${host}`, { hint: "Check the address of the repository.", cause });
  }
}
