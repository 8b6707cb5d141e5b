import type { DomainSettings } from "@ebb/api";
import { systemCode } from "@ebb/base";
import { get } from "node:https";
import { rootCertificates } from "node:tls";
import { Hindrance } from "../failure.ts";
import { ACME } from "../times.ts";

const TIMEOUT = 5000;
const RATE_LIMITED = /rate.?limit|too many|retry after/i;
/** Hours: Let's Encrypt's limits are by the hour and by the week. */
const AFTER_RATE_LIMIT = 60 * 60_000;
const UNKNOWN_ACCOUNT = /account.*(not exist|not found|unknown|no registration)|unable to (find|validate).*account|accountDoesNotExist/i;

/** What an error of the ACME library means for the domain. */
export async function acmeTrouble(error: unknown, { acmeDirectory, acmeCa }: DomainSettings): Promise<Hindrance> {
  if (error instanceof Hindrance) return error;
  const message = error instanceof Error ? error.message : String(error);
  // The library has no words for a server that does not answer: it stumbles over the answer that is not there.
  const silent = error instanceof TypeError || systemCode(error) !== undefined || /status code 5\d\d|returned error 5\d\d/.test(message);
  if (silent) {
    const why = await reason(acmeDirectory, acmeCa);
    return new Hindrance("acme_unavailable", {
      message: `The ACME server ${new URL(acmeDirectory).host} cannot be used: ${why ?? message}`,
      hint: "It is asked again. If its certificate is not trusted, give its authority: ebb domain settings --acme-ca FILE.",
      policy: ACME,
      cause: error,
    });
  }
  return refused(message, RATE_LIMITED.test(message) ? AFTER_RATE_LIMIT : 0);
}

export function refused(message: string, atLeast = 0): Hindrance {
  return new Hindrance("acme_refused", {
    message: `The ACME server says: ${message.slice(0, 500)}`,
    hint: "Mend what it names; it is asked again by itself, or now with: ebb domain verify.",
    policy: ACME,
    atLeast,
  });
}

/** Whether the account has to be made anew. */
export function isUnknownAccount(error: unknown): boolean {
  return error instanceof Error && UNKNOWN_ACCOUNT.test(error.message);
}

/** The connection's own error; undefined when the directory answers. */
function reason(url: string, ca: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT, agent: false as const, ...(ca === "" ? {} : { ca: [...rootCertificates, ca] }) };
    const ask = get(url, options, (response) => {
      response.resume();
      resolve(undefined);
    });
    ask.on("timeout", () => ask.destroy(new Error("it does not answer")));
    ask.on("error", (error) => resolve(systemCode(error) ?? error.message));
  });
}
