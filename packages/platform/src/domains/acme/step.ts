import type { DomainSettings } from "@ebb/api";
import type { Client } from "acme-client";
import type { Database } from "../../database/database.ts";
import type { Vault } from "../../secrets/vault.ts";
import { checkCertificate } from "../certificate.ts";
import { Hindrance } from "../failure.ts";
import { orderOf, type StoredOrder } from "../order.ts";
import { ACME_PATH, type Outside } from "../proofs.ts";
import type { DomainRow } from "../store.ts";
import { REACHABLE } from "../times.ts";
import { acmeClient, forgetAccount } from "./account.ts";
import { acmeTrouble, isUnknownAccount, refused } from "./trouble.ts";

/** What an order has come to by one step. */
export type OrderStep =
  /** To be stored before anything else, and gone on with. */
  | { to: "go-on"; order: StoredOrder }
  /** The server has not made up its mind. */
  | { to: "wait" }
  /** PEM; the key is sealed. */
  | { to: "certificate"; certificate: string; key: string };

export interface OrderDeps {
  db: Database;
  vault: Vault;
  now: number;
  settings: DomainSettings;
  outside: Outside;
}

/** An order that has not come to its end by then never will. */
const LONGEST_ORDER = 60 * 60_000;

/**
 * One step of the way to a certificate (RFC 8555 §7.4): each begins where the stored order says that the last one ended, so that a process
 * which dies anywhere is followed by one that goes on. Throws Hindrance; the order is to be dropped then.
 */
export async function orderStep(deps: OrderDeps, row: DomainRow): Promise<OrderStep> {
  const order = orderOf(row);
  try {
    if (!order || order.directory !== deps.settings.acmeDirectory || deps.now - order.begun > LONGEST_ORDER)
      return await begin(deps, row.name);
    if (order.challenge && !order.answered) return await answer(deps, row.name, order);
    return await goOn(deps, row, order);
  } catch (error) {
    if (isUnknownAccount(error)) await forgetAccount(deps.db, deps.settings.acmeDirectory);
    throw await acmeTrouble(error, deps.settings);
  }
}

async function begin(deps: OrderDeps, domain: string): Promise<OrderStep> {
  const client = await acmeClient(deps);
  const { acmeDirectory: directory } = deps.settings;
  const made = await client.createOrder({ identifiers: [{ type: "dns", value: domain }] });
  const order: StoredOrder = { directory, url: made.url, begun: deps.now };
  const [authorization] = await client.getAuthorizations(made);
  // Still good from a former order.
  if (authorization?.status === "valid") return { to: "go-on", order };
  const challenge = authorization?.challenges.find(({ type }) => type === "http-01");
  if (!authorization || !challenge) throw refused("it offers no challenge by HTTP");
  const answered = await client.getChallengeKeyAuthorization(challenge);
  return {
    to: "go-on",
    order: { ...order, challenge: { url: challenge.url, token: challenge.token, answer: answered, authorization: authorization.url } },
  };
}

/** Tells the server to look, once the answer is where it will look: a validation that fails counts against the domain. */
async function answer(deps: OrderDeps, domain: string, order: StoredOrder): Promise<OrderStep> {
  const { challenge } = order;
  if (!challenge) return { to: "wait" };
  const found = await deps.outside.fetch(domain, `${ACME_PATH}${challenge.token}`);
  if (found !== challenge.answer) return { to: "wait" };
  const client = await acmeClient(deps);
  await client.completeChallenge({ url: challenge.url, token: challenge.token, type: "http-01", status: "pending" });
  return { to: "go-on", order: { ...order, answered: true } };
}

async function goOn(deps: OrderDeps, row: DomainRow, order: StoredOrder): Promise<OrderStep> {
  const client = await acmeClient(deps);
  const now = await client.getOrder({ url: order.url } as Parameters<Client["getOrder"]>[0]);
  switch (now.status) {
    case "pending":
    case "processing":
      return { to: "wait" };
    case "ready":
      return finalize(deps, client, { row, order, now });
    case "valid": {
      if (order.key === undefined) throw refused("the order is finished with a key that is not there");
      const certificate = await client.getCertificate(now);
      const key = await deps.vault.open(row.team, keyIdentity(row.name), order.key);
      checkCertificate(row.name, { certificate, key }, deps.now);
      return { to: "certificate", certificate, key: order.key };
    }
    case "invalid":
      throw refused(await whyInvalid(client, order, now));
  }
}

/** The key is stored before the server hears of it: a certificate whose key is lost would count against the domain for nothing. */
async function finalize(
  { vault }: OrderDeps,
  client: Client,
  { row, order, now }: { row: DomainRow; order: StoredOrder; now: Awaited<ReturnType<Client["getOrder"]>> },
): Promise<OrderStep> {
  const { crypto } = await import("acme-client");
  if (order.key === undefined) {
    const made = (await crypto.createPrivateEcdsaKey()).toString();
    const { sealed } = await vault.seal(row.team, keyIdentity(row.name), made);
    return { to: "go-on", order: { ...order, key: sealed } };
  }
  const key = await vault.open(row.team, keyIdentity(row.name), order.key);
  const [, csr] = await crypto.createCsr({ altNames: [row.name] }, key);
  await client.finalizeOrder(now, csr);
  return { to: "go-on", order };
}

async function whyInvalid(client: Client, order: StoredOrder, now: Awaited<ReturnType<Client["getOrder"]>>): Promise<string> {
  const [authorization] = await client.getAuthorizations(now);
  const failed = authorization?.challenges.find(({ url }) => url === order.challenge?.url);
  return detailOf(failed?.error) ?? detailOf(now.error) ?? "the order is invalid";
}

function detailOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "detail" in error && typeof error.detail === "string" ? error.detail : undefined;
}

/** What a certificate's key of a domain is sealed for. */
export function keyIdentity(domain: string): string[] {
  return ["domain", domain, "key"];
}

/** Before an order: whoever asks for the domain must come to us. Throws Hindrance `not_reachable`. */
export async function checkReachable(
  outside: Outside,
  domain: string,
  proof: { path: string; body: string },
  pointTo: string,
): Promise<void> {
  if ((await outside.fetch(domain, proof.path)) === proof.body) return;
  throw new Hindrance("not_reachable", {
    message: `http://${domain}${proof.path} is not answered by this platform`,
    hint: `Let the A, AAAA or CNAME record of ${domain} lead to ${pointTo || "the gateway"}, and port 80 with it.`,
    policy: REACHABLE,
  });
}
