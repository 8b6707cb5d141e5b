/** A host of one's own; empty texts and nulls: not there yet. */
export interface DomainTable {
  /** In ASCII and lower case. */
  name: string;
  team: string;
  app: string;
  env: string;
  /** What proves the ownership. */
  token: string;
  created_by: string;
  created_at: number;
  updated_at: number;
  verified_at: number | null;
  verified_by: "" | "dns" | "http" | "administrator";
  /** Where its certificate is to come from. */
  mode: "acme" | "uploaded" | "none";
  /** 1: HTTP is sent to HTTPS, once a certificate serves. */
  redirect: number;
  /** With its chain. */
  cert_pem: string;
  /** Sealed. */
  cert_key: string;
  cert_source: "" | "acme" | "uploaded";
  /** When it came here. */
  cert_at: number;
  /** 1: a new certificate is wanted before the old one's time. */
  renew_asked: number;
  /** The fingerprint of the certificate that a handshake has given. */
  served: string;
  /** The ACME order under way; its key is sealed. */
  order_json: string;
  /** Failures on end of what is being tried. */
  attempts: number;
  tried_at: number;
  /** What has failed is not tried again before. */
  retry_at: number;
  /** When to look at it again. */
  look_at: number;
  problem_json: string;
  /** Days before its end at which somebody was last told. */
  alerted: number;
  lease_owner: string;
  lease_until: number;
}

export interface AcmeAccountTable {
  directory: string;
  url: string;
  /** Sealed. */
  account_key: string;
  created_at: number;
}
