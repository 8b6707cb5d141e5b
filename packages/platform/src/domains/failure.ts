import { EbbError, type BackoffPolicy } from "@ebb/base";

/** Why a domain is not where it is to be, and what to do: kept with it and shown. Codes are in docs/guide/domains.md. */
export const DOMAIN_PROBLEMS = {
  not_verified: "The proof of its ownership was not found yet",
  verification_expired: "Nobody has proved its ownership within a week",
  dns_unavailable: "DNS did not answer",
  cluster_unavailable: "The cluster does not answer",
  domain_claimed: "Something else in the cluster has the domain",
  not_deployed: "The app has no version in the environment yet",
  not_routed: "The cluster has not made its route yet",
  acme_not_agreed: "Nobody has agreed to the ACME server's terms",
  not_reachable: "The domain does not lead to this platform",
  acme_unavailable: "The ACME server does not answer",
  acme_refused: "The ACME server refuses the certificate",
  no_tls_port: "The gateway has no TLS port",
  not_served: "The gateway does not serve the certificate yet",
  certificate_expiring: "The certificate ends soon and is not renewed",
  certificate_expired: "The certificate has ended",
  internal: "A fault of Ebb's own",
} as const;
export type DomainProblemCode = keyof typeof DOMAIN_PROBLEMS;

/** Somebody has to do something; until then the domain is `failed`. All others are waited out. */
export const FAILURES: ReadonlySet<string> = new Set<DomainProblemCode>([
  "verification_expired",
  "domain_claimed",
  "acme_not_agreed",
  "acme_refused",
  "no_tls_port",
  "certificate_expired",
  "internal",
]);

/** Ends a look: what is in the way, and by which policy it is tried again. */
export class Hindrance extends EbbError {
  readonly problem: { code: DomainProblemCode; message: string; hint: string };
  readonly policy: BackoffPolicy;
  /** Milliseconds: not before, whatever the policy says. */
  readonly atLeast: number;

  constructor(code: DomainProblemCode, about: { message: string; hint: string; policy: BackoffPolicy; atLeast?: number; cause?: unknown }) {
    super("transient", code, about.message, { hint: about.hint, ...(about.cause === undefined ? {} : { cause: about.cause }) });
    this.problem = { code, message: about.message, hint: about.hint };
    this.policy = about.policy;
    this.atLeast = about.atLeast ?? 0;
  }
}
