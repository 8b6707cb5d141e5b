import { Type, type Static } from "typebox";
import { AppName, EnvironmentName, Nullable, object, TeamName } from "./names.ts";

const Time = Type.String({ description: "RFC 3339" });

export const DomainState = Type.Union([
  Type.Literal("pending-verification"),
  Type.Literal("verified"),
  Type.Literal("certificate-pending"),
  Type.Literal("live"),
  Type.Literal("failed"),
]);
export type DomainState = Static<typeof DomainState>;

/** Where a domain's certificate comes from; `none`: it is served without one, as behind a load balancer that has its own. */
export const CertificateMode = Type.Union([Type.Literal("acme"), Type.Literal("uploaded"), Type.Literal("none")]);
export type CertificateMode = Static<typeof CertificateMode>;

export const DomainProblem = object({
  code: Type.String({ description: "As docs/guide/domains.md lists them" }),
  message: Type.String(),
  hint: Type.String({ description: "The next step" }),
  retryAt: Nullable(Time),
});
export type DomainProblem = Static<typeof DomainProblem>;

export const DomainCertificate = object({
  source: Type.Union([Type.Literal("acme"), Type.Literal("uploaded")]),
  issuer: Type.String(),
  names: Type.Array(Type.String()),
  notBefore: Time,
  notAfter: Time,
  fingerprint: Type.String({ description: "SHA-256, as openssl writes it" }),
  serving: Type.Boolean({ description: "A handshake through the gateway has given this very certificate" }),
  renewsAt: Nullable(Time),
});
export type DomainCertificate = Static<typeof DomainCertificate>;

/** A host of one's own, of an app in an environment. */
export const Domain = object({
  name: Type.String({ description: "In ASCII" }),
  displayName: Type.String({ description: "As people write it" }),
  team: TeamName,
  app: AppName,
  environment: EnvironmentName,
  state: DomainState,
  url: Type.String(),
  redirect: Type.Boolean({ description: "HTTP is sent to HTTPS, once a certificate serves" }),
  certificateMode: CertificateMode,
  certificate: Nullable(DomainCertificate),
  verification: object({
    verifiedAt: Nullable(Time),
    by: Nullable(Type.Union([Type.Literal("dns"), Type.Literal("http"), Type.Literal("administrator")])),
    record: object({ type: Type.Literal("TXT"), name: Type.String(), value: Type.String() }),
    http: Nullable(object({ url: Type.String(), body: Type.String() })),
  }),
  pointTo: Nullable(Type.String({ description: "What its A, AAAA or CNAME record should lead to" })),
  problem: Nullable(DomainProblem),
  createdBy: Type.String(),
  createdAt: Time,
});
export type Domain = Static<typeof Domain>;

const DomainName = Type.String({ minLength: 1, maxLength: 253 });
/** A certificate is asked of the ACME server unless it is to be `none`. */
export const AddDomain = object({
  name: DomainName,
  certificate: Type.Optional(Type.Union([Type.Literal("acme"), Type.Literal("none")])),
  redirect: Type.Optional(Type.Boolean()),
});
export type AddDomain = Static<typeof AddDomain>;

export const PatchDomain = object({
  certificate: Type.Optional(Type.Union([Type.Literal("acme"), Type.Literal("none")])),
  redirect: Type.Optional(Type.Boolean()),
});
export type PatchDomain = Static<typeof PatchDomain>;

/** Without a proof, as for a name that only a private DNS knows. */
export const AcceptDomain = object({
  why: Type.String({ minLength: 1, maxLength: 200, description: "For whoever reads the audit trail" }),
});
export type AcceptDomain = Static<typeof AcceptDomain>;

const Pem = Type.String({ minLength: 1, maxLength: 200_000 });
/** PEM: the certificate with its chain, and its private key without a passphrase. */
export const UploadCertificate = object({ certificate: Pem, key: Type.String({ minLength: 1, maxLength: 20_000 }) });
export type UploadCertificate = Static<typeof UploadCertificate>;

/** How domains are verified and where certificates come from, for the whole platform. */
export const DomainSettings = object({
  acmeDirectory: Type.String({ pattern: "^https://", maxLength: 500, description: "https URL of the ACME server's directory" }),
  acmeEmail: Type.String({ maxLength: 254, description: "Told to the ACME server; may be empty" }),
  acmeTermsAgreed: Type.Boolean({ description: "Until it is, no certificate is asked for" }),
  acmeCa: Type.String({ maxLength: 100_000, description: "PEM: who has signed the ACME server's own certificate; empty: the usual" }),
  checkPort: Type.Integer({ minimum: 1, maximum: 65_535, description: "Where domains are reached by HTTP: 80 on the Internet" }),
  dnsServers: Type.Array(Type.String({ maxLength: 64, description: "IP, IP:PORT or [IPv6]:PORT" }), {
    maxItems: 8,
    description: "Asked for records; none: the system's",
  }),
  httpProof: Type.Boolean({ description: "Whether a domain that leads here already is proof enough of its ownership" }),
  pointTo: Type.String({ maxLength: 253, description: "Told to people: the name or address that their records should lead to" }),
});
export type DomainSettings = Static<typeof DomainSettings>;
export const PatchDomainSettings = Type.Partial(DomainSettings, { additionalProperties: false });
export type PatchDomainSettings = Static<typeof PatchDomainSettings>;
