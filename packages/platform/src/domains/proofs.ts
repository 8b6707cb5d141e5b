import type { DomainSettings } from "@ebb/api";
import { lookup as systemLookup, Resolver } from "node:dns/promises";
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";

const DNS_TIMEOUT = 3000;
const DNS_TRIES = 2;
const HTTP_TIMEOUT = 5000;
const LARGEST_ANSWER = 4096;
/** Of a host with many: one that answers is enough. */
const MOST_ADDRESSES = 4;

/** The record whose owner decides about the domain. */
export function recordOf(domain: string, token: string): { type: "TXT"; name: string; value: string } {
  return { type: "TXT", name: `_ebb-challenge.${domain}`, value: `ebb-domain=${token}` };
}

/** What the gateway answers for a domain that leads here. */
export const PROOF_PATH = "/.well-known/ebb-challenge/";
export const ACME_PATH = "/.well-known/acme-challenge/";

/** Asks the world about a domain, as its visitors and an ACME server do. */
export interface Outside {
  /** Values of TXT records; none when there is no such record. Throws when DNS does not answer. */
  txt(name: string): Promise<string[]>;
  /** The body at this path by HTTP, of the first address that answers 200; undefined when none does. */
  fetch(domain: string, path: string): Promise<string | undefined>;
}

export function createOutside({ dnsServers, checkPort }: Pick<DomainSettings, "dnsServers" | "checkPort">): Outside {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT, tries: DNS_TRIES });
  if (dnsServers.length > 0) resolver.setServers(dnsServers);
  return {
    async txt(name) {
      try {
        return (await resolver.resolveTxt(name)).map((chunks) => chunks.join(""));
      } catch (error) {
        if (isAbsent(error)) return [];
        throw error;
      }
    },
    async fetch(domain, path) {
      const addresses = dnsServers.length > 0 ? await resolveBy(resolver, domain) : await resolveBySystem(domain);
      for (const host of addresses.slice(0, MOST_ADDRESSES)) {
        const body = await get({ host, port: checkPort, domain, path }).catch(() => undefined);
        if (body !== undefined) return body;
      }
      return undefined;
    },
  };
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOTFOUND" || error.code === "ENODATA");
}

async function resolveBy(resolver: Resolver, domain: string): Promise<string[]> {
  const answers = await Promise.allSettled([resolver.resolve4(domain), resolver.resolve6(domain)]);
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
}

async function resolveBySystem(domain: string): Promise<string[]> {
  try {
    return (await systemLookup(domain, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

interface Target {
  host: string;
  port: number;
  domain: string;
  path: string;
}

/**
 * Follows one redirect, to the same path of the same host by TLS, as ACME servers do: whoever answers there has the domain, too, and an old
 * certificate must not be in the way of a new one.
 */
async function get(target: Target): Promise<string | undefined> {
  const { body, location } = await ask(target, httpRequest);
  if (location === undefined || !URL.canParse(location)) return body;
  const to = new URL(location);
  if (to.protocol !== "https:" || to.hostname !== target.domain || to.pathname !== target.path) return undefined;
  const secure = (options: RequestOptions, answered: (response: IncomingMessage) => void) =>
    httpsRequest({ ...options, servername: target.domain, rejectUnauthorized: false }, answered);
  return (await ask({ ...target, port: to.port === "" ? 443 : Number(to.port) }, secure)).body;
}

function ask(
  { host, port, domain, path }: Target,
  send: (options: RequestOptions, answered: (response: IncomingMessage) => void) => ClientRequest,
): Promise<{ body?: string; location?: string }> {
  return new Promise((resolve, reject) => {
    const authority = port === 80 || port === 443 ? domain : `${domain}:${port}`;
    const headers = { host: authority, "user-agent": "ebb-domain-check", connection: "close" };
    const asked = send({ host, port, path, headers, agent: false, signal: AbortSignal.timeout(HTTP_TIMEOUT) }, (response) => {
      if (response.statusCode !== 200) {
        response.on("error", () => undefined);
        response.destroy();
        const { location } = response.headers;
        return resolve(location === undefined ? {} : { location });
      }
      let read = 0;
      response.on("data", (chunk: Buffer) => {
        read += chunk.length;
        if (read > LARGEST_ANSWER) response.destroy(new Error("too much"));
      });
      text(response).then((body) => resolve({ body: body.trim() }), reject);
    });
    asked.on("error", reject);
    asked.end();
  });
}
