import type { DomainSettings } from "@ebb/api";
import { causeChain, EbbError, type Random } from "@ebb/base";
import type { DomainMapping } from "@ebb/kube";
import { findPlace, mirrorOf, rulesOf } from "../apps/store.ts";
import { record } from "../audit/store.ts";
import { compileMapping, domainSecretName } from "../compile/domain.ts";
import { placeDeps, type Deps, type PlaceDeps } from "../deploy/context.ts";
import { findEnvironment } from "../environments/store.ts";
import { checkReachable, keyIdentity, orderStep, type OrderStep } from "./acme/step.ts";
import { alert } from "./alert.ts";
import { certificateFacts } from "./certificate.ts";
import { Hindrance, type DomainProblemCode } from "./failure.ts";
import { servedFingerprint } from "./handshake.ts";
import { orderOf } from "./order.ts";
import { createOutside, PROOF_PATH, recordOf, type Outside } from "./proofs.ts";
import { putDomainRules } from "./rules.ts";
import { readDomainSettings } from "./settings.ts";
import { findDomain, plan, problemOf, updateDomain, type DomainRow } from "./store.ts";
import { CLUSTER, DAY, nextRenewal, NO_ALERT, PERIOD, REACHABLE, retryDelay, VERIFICATION, VERIFICATION_PATIENCE } from "./times.ts";

/** In place of a fingerprint: its route is ready, and it has no certificate. */
export const SERVED_PLAIN = "plain";
/** A domain goes through seven or eight steps at most; more is a circle. */
const MOST_STEPS = 16;
/** How often the ACME server is asked about an order: by its age. */
const POLL = { least: 300, most: 10_000, share: 0.2 };

interface Here extends PlaceDeps {
  settings: DomainSettings;
  outside: Outside;
  random: Random;
}

/** Further steps may follow at once, or it is looked at again then. */
type Outcome = "again" | { lookAt: number };

/**
 * Brings a domain as far as it can be brought now: proves its owner, tells the cluster, gets a certificate, sees it served, redirects. Level-based:
 * each step looks at how things are, so it may be cut off anywhere. Whoever calls holds the domain's lease.
 */
export async function lookAtDomain(deps: Deps & { random: Random }, leased: DomainRow): Promise<void> {
  const { db, clock } = deps;
  const settings = await readDomainSettings(db);
  const environment = await findEnvironment(db, leased.team, leased.env);
  if (!environment) return void (await updateDomain(db, leased, { look_at: clock.now() + PERIOD }));
  const here: Here = { ...placeDeps(deps, environment), random: deps.random, settings, outside: createOutside(settings) };
  let row: DomainRow | undefined = leased;
  for (let step = 0; step < MOST_STEPS && row?.token === leased.token; step++) {
    const outcome = await advance(here, row).catch((error: unknown) => hindered(here, leased.name, error));
    if (outcome !== "again") {
      await plan(db, row, outcome.lookAt);
      break;
    }
    row = await findDomain(db, leased.name);
  }
  await alert(here, leased.name);
}

async function advance(here: Here, row: DomainRow): Promise<Outcome> {
  if (row.verified_at === null) return verify(here, row);
  const place = await findPlace(here.db, row);
  if (!place || !here.cluster.service(row.app)) {
    if (!here.cluster.health().ready) throw unready(here.cluster.health().message);
    throw new Hindrance("not_deployed", {
      message: `Nothing of ${row.app} is deployed in ${row.env}`,
      hint: `Deploy it: ebb deploy --env ${row.env}.`,
      policy: CLUSTER,
    });
  }
  await putDomainRules(here, row, { rules: rulesOf(place), mirror: mirrorOf(place) });
  checkRouted(await putMapping(here, row));
  if (await past(here, row, ROUTING)) return "again";
  if (row.mode === "none") return settle(here, row, SERVED_PLAIN, undefined);
  const { certified, trouble } = await certify(here, row);
  if (certified) return certified;
  if (row.cert_pem !== "") {
    const { fingerprint } = certificateFacts(row.cert_pem);
    if (row.served !== fingerprint) await proveServed(here, row.name, fingerprint);
    return settle(here, row, fingerprint, trouble);
  }
  if (trouble) throw trouble;
  return { lookAt: row.retry_at };
}

const ROUTING: ReadonlySet<string> = new Set<DomainProblemCode>(["cluster_unavailable", "domain_claimed", "not_deployed", "not_routed"]);
const REACHING: ReadonlySet<string> = new Set<DomainProblemCode>(["not_reachable", "acme_not_agreed", "no_tls_port"]);

/** What was in the way before is not told any more, and holds up nothing. */
async function past({ db }: Here, row: DomainRow, codes: ReadonlySet<string>): Promise<boolean> {
  if (!codes.has(problemOf(row)?.code ?? "")) return false;
  return updateDomain(db, row, { problem_json: "", attempts: 0, retry_at: 0 });
}

async function verify(here: Here, row: DomainRow): Promise<Outcome> {
  const { db, clock, cluster, settings } = here;
  if (settings.httpProof && cluster.health().ready) await putDomainRules(here, row, { rules: [], mirror: null });
  const by = await proofOf(here, row);
  const now = clock.now();
  if (by) {
    await db.transaction().execute(async (transaction) => {
      const set = { verified_at: now, verified_by: by, attempts: 0, retry_at: 0, problem_json: "", updated_at: now };
      if (!(await updateDomain(transaction, row, set))) return;
      const after = { by, app: row.app, environment: row.env };
      await record(transaction, now, { action: "domain.verified", object: `domain/${row.name}`, team: row.team, after });
    });
    return "again";
  }
  const { name, value } = recordOf(row.name, row.token);
  if (now - row.created_at > VERIFICATION_PATIENCE) {
    throw new Hindrance("verification_expired", {
      message: "Nobody has proved its ownership within a week",
      hint: `Make the TXT record ${name} = ${value}, then: ebb domain verify ${row.name}.`,
      policy: { base: DAY, factor: 1, max: DAY },
    });
  }
  throw new Hindrance("not_verified", {
    message: `DNS has no TXT record ${name} with the value ${value} yet`,
    hint: `Make the TXT record ${name} = ${value} where the domain's DNS is kept; it is looked for by itself.`,
    policy: VERIFICATION,
  });
}

/** Throws Hindrance `dns_unavailable` when nobody can tell. */
async function proofOf({ outside, settings }: Here, { name: domain, token }: DomainRow): Promise<"dns" | "http" | undefined> {
  const { name, value } = recordOf(domain, token);
  const texts = await outside.txt(name).catch((cause: unknown) => ({ cause }));
  if (Array.isArray(texts) && texts.includes(value)) return "dns";
  if (settings.httpProof && (await outside.fetch(domain, `${PROOF_PATH}${token}`)) === value) return "http";
  if (Array.isArray(texts)) return undefined;
  throw new Hindrance("dns_unavailable", {
    message: `DNS did not answer for ${name}`,
    hint: "It is asked again.",
    policy: VERIFICATION,
    cause: texts.cause,
  });
}

/** With its certificate, if it has one; the redirect only once that has been served. */
async function putMapping({ cluster, environment, vault }: Here, row: DomainRow): Promise<DomainMapping> {
  const secure = row.mode !== "none" && row.cert_pem !== "";
  if (secure) {
    const key = await vault.open(row.team, keyIdentity(row.name), row.cert_key);
    await cluster.domains.putCertificate({ name: domainSecretName(row.name), app: row.app, certificate: row.cert_pem, key });
  }
  const redirect = secure && row.redirect === 1 && row.served === certificateFacts(row.cert_pem).fingerprint;
  const input = { domain: row.name, app: row.app, namespace: environment.namespace };
  const mapping = await cluster.domains.put(compileMapping(input, { secure, redirect }));
  if (!secure) await cluster.deleteSecret(domainSecretName(row.name));
  return mapping;
}

function checkRouted({ metadata, status }: DomainMapping): void {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status === "True" && (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)) return;
  const told = ready?.status === "False" ? `${ready.reason ?? ""}: ${ready.message ?? ""}` : "The cluster is making its route";
  throw new Hindrance("not_routed", { message: told, hint: `See: kubectl describe domainmapping ${metadata.name}.`, policy: CLUSTER });
}

/** A step to a certificate, where one is wanted and it is time; trouble with it is told after the old one has been looked after. */
async function certify(here: Here, row: DomainRow): Promise<{ certified?: Outcome; trouble?: Hindrance }> {
  const now = here.clock.now();
  if (row.mode !== "acme" || !isWanted(row, now)) return {};
  if (row.retry_at > now) return {};
  try {
    if (!here.settings.acmeTermsAgreed) throw notAgreed(here.settings);
    if (here.ingress.tlsPort === undefined) throw noTlsPort();
    if (!orderOf(row)) {
      const proof = { path: `${PROOF_PATH}${row.token}`, body: recordOf(row.name, row.token).value };
      await checkReachable(here.outside, row.name, proof, here.settings.pointTo);
    }
    await past(here, row, REACHING);
    return { certified: await take(here, row, await orderStep({ ...here, now }, row)) };
  } catch (error) {
    if (!(error instanceof Hindrance)) throw error;
    return { trouble: error };
  }
}

function isWanted(row: DomainRow, now: number): boolean {
  if (row.cert_pem === "" || row.cert_source !== "acme" || row.renew_asked === 1) return true;
  return now >= nextRenewal(certificateFacts(row.cert_pem), row.cert_at);
}

async function take({ db, clock }: Here, row: DomainRow, step: OrderStep): Promise<Outcome> {
  const now = clock.now();
  if (step.to === "go-on") {
    await updateDomain(db, row, { order_json: JSON.stringify(step.order) });
    return "again";
  }
  if (step.to === "wait") {
    const age = now - (orderOf(row)?.begun ?? now);
    return { lookAt: now + Math.min(POLL.most, Math.max(POLL.least, age * POLL.share)) };
  }
  const { certificate, key } = step;
  const { issuer, notAfter, fingerprint } = certificateFacts(certificate);
  await db.transaction().execute(async (transaction) => {
    const set = { cert_pem: certificate, cert_key: key, cert_source: "acme" as const, cert_at: now, ...FRESH, updated_at: now };
    if (!(await updateDomain(transaction, row, set))) return;
    const after = { issuer, notAfter: new Date(notAfter).toISOString(), fingerprint };
    const action = row.cert_pem === "" ? "domain.certificate-issued" : "domain.certificate-renewed";
    await record(transaction, now, { action, object: `domain/${row.name}`, team: row.team, after });
  });
  return "again";
}

/** What a new certificate makes past. */
export const FRESH = { renew_asked: 0, order_json: "", attempts: 0, retry_at: 0, problem_json: "", alerted: NO_ALERT } as const;

async function proveServed({ ingress }: Here, host: string, fingerprint: string): Promise<void> {
  if (ingress.tlsPort === undefined) throw noTlsPort();
  if ((await servedFingerprint({ host: ingress.host, tlsPort: ingress.tlsPort }, host)) === fingerprint) return;
  throw new Hindrance("not_served", {
    message: "The gateway does not give its certificate yet",
    hint: "It is looked for by itself.",
    policy: CLUSTER,
  });
}

/** All is as it should be, but for a renewal that is in trouble. */
async function settle({ db, clock }: Here, row: DomainRow, served: string, trouble: Hindrance | undefined): Promise<Outcome> {
  const now = clock.now();
  const renewed = row.retry_at <= now || trouble;
  if (row.served !== served) {
    await updateDomain(db, row, { served, updated_at: now });
    return "again";
  }
  if (trouble) throw trouble;
  if (renewed && row.problem_json !== "") await updateDomain(db, row, { problem_json: "", attempts: 0, retry_at: 0 });
  const times = [now + PERIOD, row.retry_at];
  if (row.cert_pem !== "") {
    const facts = certificateFacts(row.cert_pem);
    // When it has ended, that is told at once.
    times.push(facts.notAfter, ...(row.mode === "acme" ? [nextRenewal(facts, row.cert_at)] : []));
  }
  return { lookAt: Math.min(...times.filter((time) => time > now)) };
}

/** Keeps what is in the way, and when it is tried again. */
async function hindered(here: Here, name: string, error: unknown): Promise<Outcome> {
  const { db, clock, random, log } = here;
  const row = await findDomain(db, name);
  if (!row) return { lookAt: 0 };
  const hindrance = error instanceof Hindrance ? error : asHindrance(error);
  if (hindrance.problem.code === "internal") log.error({ domain: name, causes: causeChain(error) }, "a domain cannot be looked after");
  const now = clock.now();
  const same = problemOf(row)?.code === hindrance.problem.code;
  const attempts = same ? row.attempts + 1 : 1;
  const retry_at = now + Math.max(hindrance.atLeast, retryDelay(hindrance.policy, attempts, random.float()));
  const about = { problem_json: JSON.stringify(hindrance.problem), attempts, tried_at: now, retry_at };
  const acme = hindrance.problem.code.startsWith("acme_");
  await updateDomain(db, row, { ...about, ...(acme && hindrance.problem.code !== "acme_unavailable" ? { order_json: "" } : {}) });
  return { lookAt: retry_at };
}

function asHindrance(error: unknown): Hindrance {
  if (error instanceof EbbError && error.code === "cluster_unavailable") return unready(error.message);
  if (error instanceof EbbError && error.code === "domain_claimed") {
    return new Hindrance("domain_claimed", { message: error.message, hint: error.hint ?? "", policy: REACHABLE });
  }
  const message = error instanceof EbbError && error.kind !== "bug" ? error.message : "Something went wrong that Ebb did not foresee";
  return new Hindrance("internal", {
    message,
    hint: "It is tried again; the platform's log has the whole story.",
    policy: REACHABLE,
    cause: error,
  });
}

function unready(message: string): Hindrance {
  return new Hindrance("cluster_unavailable", { message, hint: "It is tried again: ebb status.", policy: CLUSTER });
}

function notAgreed({ acmeDirectory }: DomainSettings): Hindrance {
  return new Hindrance("acme_not_agreed", {
    message: `Nobody has agreed to the terms of ${new URL(acmeDirectory).host} yet`,
    hint: "A platform administrator does: ebb domain settings --agree-terms --acme-email ADDRESS. Or upload a certificate: ebb domain cert.",
    policy: REACHABLE,
  });
}

function noTlsPort(): Hindrance {
  return new Hindrance("no_tls_port", {
    message: "The gateway has no port for TLS",
    hint: "Start Ebb with --tls-port 443, or have no certificate here: ebb domain set --no-certificate.",
    policy: REACHABLE,
  });
}
