import { isIP } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";
import { refuse } from "../errors.ts";

/** What no app may have: the platform's own hosts. */
export interface ReservedHosts {
  /** Names with everything below them: `sls-local.localhost`. */
  below: readonly string[];
  /** The console's. */
  exact: readonly string[];
}

const LONGEST = 253;
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Never delegated to anybody (RFC 6761, 6762, 8375, and Kubernetes' own). */
const NOBODYS = ["localhost", "local", "invalid", "onion", "arpa", "cluster.local", "svc"];

/**
 * A domain as people write it, in ASCII and lower case as DNS and certificates have it: `Müller.example.` is `xn--mller-kva.example`.
 * Throws `invalid_domain`.
 */
export function parseDomain(text: string, reserved: ReservedHosts): string {
  const written = text.trim().replace(/\.$/, "");
  const no = (why: string, hint = "Write a full host name, as www.example.com.") =>
    refuse("invalid_domain", `${JSON.stringify(text)} ${why}`, { hint });
  if (/[/:@?#\s\\]/.test(written)) throw no("is not a host name", "Write the host alone, without http:// and without a path or port.");
  if (written.includes("*")) throw no("is a wildcard", "Wildcards cannot be used: add each host.");
  const name = domainToASCII(written);
  if (name === "") throw no("is not a host name");
  if (isIP(name) !== 0) throw no("is an address", "A domain has a name.");
  const labels = name.split(".");
  if (name.length > LONGEST || labels.some((label) => !LABEL.test(label))) throw no("is not a host name");
  if (labels.length < 2 || /^\d+$/.test(labels.at(-1) ?? "")) throw no("is not a full host name");
  if (isBelow(name, NOBODYS)) throw no("belongs to nobody on the Internet", "Choose a name of a domain that you own.");
  if (isBelow(name, reserved.below) || reserved.exact.includes(name)) {
    throw no("is one of the platform's own hosts", "Give the app another of those with: ebb host APP NAME.");
  }
  return name;
}

function isBelow(name: string, domains: readonly string[]): boolean {
  return domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
}

/** As people write it. */
export function displayName(name: string): string {
  return domainToUnicode(name) || name;
}
