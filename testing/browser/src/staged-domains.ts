import type { Domain } from "@ebb/api";

const LATER = "2099-03-01T00:00:00Z";
const of = (name: string, change: Partial<Domain>): Domain => ({
  name,
  displayName: name,
  team: "default",
  app: "hello-node",
  environment: "test",
  state: "live",
  url: `https://${name}`,
  redirect: true,
  certificateMode: "acme",
  certificate: null,
  verification: {
    verifiedAt: "2026-01-01T00:00:00Z",
    by: "dns",
    record: { type: "TXT", name: `_ebb-challenge.${name}`, value: "ebb-domain=nS0mXk2bq0bQy2Zf0pT5xw1r8uE7vYd3cKJH9aLgOoQ" },
    http: { url: `http://${name}/.well-known/ebb-challenge/x`, body: "ebb-domain=x" },
  },
  pointTo: "apps.example.com",
  problem: null,
  createdBy: "ada",
  createdAt: "2026-01-01T00:00:00Z",
  ...change,
});
const certificate: NonNullable<Domain["certificate"]> = {
  source: "acme",
  issuer: "R11",
  names: ["www.example.com"],
  notBefore: "2026-10-01T00:00:00Z",
  notAfter: LATER,
  fingerprint: "AA:BB",
  serving: true,
  renewsAt: "2099-02-01T00:00:00Z",
};

const waiting = of("a-rather-long-name-that-wraps.shop.example.com", {}).verification;
export const domains: Domain[] = [
  of("a-rather-long-name-that-wraps.shop.example.com", {
    state: "pending-verification",
    verification: { ...waiting, verifiedAt: null, by: null },
    problem: { code: "not_verified", message: "DNS has no TXT record yet", hint: "Make it.", retryAt: LATER },
  }),
  of("shop.example.com", {
    state: "certificate-pending",
    problem: {
      code: "not_reachable",
      message: "http://shop.example.com/ is not answered by this platform",
      hint: "Point it here.",
      retryAt: null,
    },
  }),
  of("www.example.com", { certificate }),
  of("old.example.com", {
    certificateMode: "uploaded",
    certificate: { ...certificate, source: "uploaded", issuer: "Example CA", renewsAt: null },
    problem: {
      code: "certificate_expiring",
      message: "The certificate ends in 6 days. It was uploaded, and nothing renews it",
      hint: "Upload another.",
      retryAt: null,
    },
  }),
];
