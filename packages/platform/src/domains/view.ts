import type { Domain, DomainCertificate, DomainSettings, DomainState } from "@ebb/api";
import type { Ingress } from "../cluster/port.ts";
import { certificateFacts, type CertificateFacts } from "./certificate.ts";
import { expiring } from "./alert.ts";
import { FAILURES, type DomainProblemCode } from "./failure.ts";
import { displayName } from "./hostname.ts";
import { SERVED_PLAIN } from "./look.ts";
import { PROOF_PATH, recordOf } from "./proofs.ts";
import { problemOf, type DomainRow } from "./store.ts";
import { nextRenewal } from "./times.ts";

export interface ViewFacts {
  settings: DomainSettings;
  ingress: Ingress;
  now: number;
}

/** A domain as people are told of it. Pure. */
export function viewDomain(row: DomainRow, { settings, ingress, now }: ViewFacts): Domain {
  const facts = row.cert_pem === "" || row.mode === "none" ? undefined : certificateFacts(row.cert_pem);
  const state = stateOf(row, facts, now);
  const secure = facts !== undefined && state === "live";
  return {
    name: row.name,
    displayName: displayName(row.name),
    team: row.team,
    app: row.app,
    environment: row.env,
    state,
    url: urlOf(row.name, secure, ingress),
    redirect: row.redirect === 1,
    certificateMode: row.mode,
    certificate: facts ? certificateOf(row, facts) : null,
    verification: {
      verifiedAt: row.verified_at === null ? null : time(row.verified_at),
      by: row.verified_by === "" ? null : row.verified_by,
      record: recordOf(row.name, row.token),
      http: settings.httpProof ? { url: `http://${row.name}${PROOF_PATH}${row.token}`, body: recordOf(row.name, row.token).value } : null,
    },
    pointTo: settings.pointTo === "" ? null : settings.pointTo,
    problem: problemIn(row, now),
    createdBy: row.created_by,
    createdAt: time(row.created_at),
  };
}

const UNROUTED: ReadonlySet<string> = new Set<DomainProblemCode>(["cluster_unavailable", "not_deployed", "not_routed"]);

function stateOf(row: DomainRow, facts: CertificateFacts | undefined, now: number): DomainState {
  const code = problemOf(row)?.code ?? "";
  if (facts && now >= facts.notAfter) return "failed";
  // A new certificate that is not served yet: the one before it is.
  const served =
    row.mode === "none" ? row.served === SERVED_PLAIN : facts !== undefined && row.served !== "" && row.served !== SERVED_PLAIN;
  // What goes on serving is live, whatever is the matter with what comes next.
  if (row.verified_at !== null && served && code !== "domain_claimed") return "live";
  if (FAILURES.has(code)) return "failed";
  if (row.verified_at === null) return "pending-verification";
  return row.mode === "none" || UNROUTED.has(code) ? "verified" : "certificate-pending";
}

function certificateOf(row: DomainRow, facts: CertificateFacts): DomainCertificate {
  return {
    source: row.cert_source === "uploaded" ? "uploaded" : "acme",
    issuer: facts.issuer,
    names: facts.names,
    notBefore: time(facts.notBefore),
    notAfter: time(facts.notAfter),
    fingerprint: facts.fingerprint,
    serving: row.served === facts.fingerprint,
    renewsAt: row.mode === "acme" ? time(nextRenewal(facts, row.cert_at)) : null,
  };
}

function problemIn(row: DomainRow, now: number): Domain["problem"] {
  const ends = expiring(row, now);
  const kept = problemOf(row);
  if (ends) {
    return {
      code: (ends.step === 0 ? "certificate_expired" : "certificate_expiring") satisfies DomainProblemCode,
      message: ends.step === 0 ? `The certificate has ended. ${ends.why}` : `The certificate ends in ${ends.days} days. ${ends.why}`,
      hint:
        (row.mode === "acme" ? kept?.hint : undefined) ??
        `Upload another: ebb domain cert ${row.name} --cert FILE --key FILE, or let one be fetched: --auto.`,
      retryAt: kept ? time(row.retry_at) : null,
    };
  }
  return kept ? { ...kept, retryAt: row.retry_at > now ? time(row.retry_at) : null } : null;
}

function urlOf(name: string, secure: boolean, { port, tlsPort }: Ingress): string {
  const [scheme, at, usual] = secure ? (["https", tlsPort ?? 443, 443] as const) : (["http", port, 80] as const);
  return `${scheme}://${name}${at === usual ? "" : `:${at}`}`;
}

function time(at: number): string {
  return new Date(at).toISOString();
}
