import type { DomainSettings } from "@ebb/api";
import type { axios, Client } from "acme-client";
import { Agent } from "node:https";
import { rootCertificates } from "node:tls";
import type { Database } from "../../database/database.ts";
import type { Vault } from "../../secrets/vault.ts";

/** Of one request to the ACME server. */
const TIMEOUT = 20_000;

export interface AcmeDeps {
  db: Database;
  vault: Pick<Vault, "seal" | "open">;
  now: number;
  settings: DomainSettings;
}

const identityOf = (directory: string) => ["acme-account", directory];

/** The client of the platform's account at the ACME server, which is made the first time; its key is sealed with the platform's own data key. */
export async function acmeClient({ db, vault, now, settings }: AcmeDeps): Promise<Client> {
  const { acmeDirectory: directory, acmeEmail, acmeCa } = settings;
  // Some two hundred modules, for nothing where no certificate is ordered.
  const { axios, Client, crypto } = await import("acme-client");
  configure(axios.defaults, acmeCa);
  const known = await db.selectFrom("acme_accounts").selectAll().where("directory", "=", directory).executeTakeFirst();
  if (known) {
    const accountKey = await vault.open("", identityOf(directory), known.account_key);
    return new Client({ directoryUrl: directory, accountKey, accountUrl: known.url });
  }
  const accountKey = (await crypto.createPrivateEcdsaKey()).toString();
  const client = new Client({ directoryUrl: directory, accountKey });
  await client.createAccount({ termsOfServiceAgreed: true, ...(acmeEmail === "" ? {} : { contact: [`mailto:${acmeEmail}`] }) });
  const { sealed } = await vault.seal("", identityOf(directory), accountKey);
  await db
    .insertInto("acme_accounts")
    .values({ directory, url: client.getAccountUrl(), account_key: sealed, created_at: now })
    // Another platform on this database has been faster: its account is as good, and ours is used once.
    .onConflict((conflict) => conflict.column("directory").doNothing())
    .execute();
  return client;
}

/** An account that the server does not know any more is made anew the next time. */
export async function forgetAccount(db: Database, directory: string): Promise<void> {
  await db.deleteFrom("acme_accounts").where("directory", "=", directory).execute();
}

/** The library has one HTTP client for all. Attempts are ours to space out: it would repeat at once what has failed. */
function configure(defaults: typeof axios.defaults, ca: string): void {
  defaults.timeout = TIMEOUT;
  defaults.proxy = false;
  defaults.httpsAgent = new Agent(ca === "" ? {} : { ca: [...rootCertificates, ca] });
  Object.assign(defaults, { acmeSettings: { ...(defaults as { acmeSettings?: object }).acmeSettings, retryMaxAttempts: 0 } });
}
