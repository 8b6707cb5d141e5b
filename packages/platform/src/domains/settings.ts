import type { DomainSettings } from "@ebb/api";
import { certificateFacts } from "./certificate.ts";
import { isIP } from "node:net";
import type { Database } from "../database/database.ts";
import { readSettings, writeSettings } from "../database/settings.ts";
import { refuse } from "../errors.ts";

const NAME = "domains";

/** Let's Encrypt, once somebody has agreed to its terms. */
export const DEFAULT_SETTINGS: DomainSettings = {
  acmeDirectory: "https://acme-v02.api.letsencrypt.org/directory",
  acmeEmail: "",
  acmeTermsAgreed: false,
  acmeCa: "",
  checkPort: 80,
  dnsServers: [],
  httpProof: true,
  pointTo: "",
};

export function readDomainSettings(db: Database): Promise<DomainSettings> {
  return readSettings(db, NAME, DEFAULT_SETTINGS);
}

export function writeDomainSettings(db: Database, settings: DomainSettings): Promise<void> {
  return writeSettings(db, NAME, settings);
}

/** What the schema cannot say. Throws `invalid_request`. */
export function checkDomainSettings({ acmeDirectory, acmeEmail, acmeCa, dnsServers }: DomainSettings): void {
  if (!URL.canParse(acmeDirectory)) throw refuse("invalid_request", "acmeDirectory is not a URL");
  if (acmeEmail !== "" && !/^[^\s@]+@[^\s@]+$/.test(acmeEmail)) throw refuse("invalid_request", "acmeEmail is not an e-mail address");
  for (const server of dnsServers) {
    const [, bracketed, plain = server] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(server) ?? [];
    if (isIP(bracketed ?? plain) === 0)
      throw refuse("invalid_request", `dnsServers: ${server} is not an address`, {
        hint: "Write 192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53.",
      });
  }
  if (acmeCa === "") return;
  try {
    certificateFacts(acmeCa);
  } catch (cause) {
    throw refuse("invalid_request", "acmeCa is not a certificate in PEM", { cause });
  }
}
