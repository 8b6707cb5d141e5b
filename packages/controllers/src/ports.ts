import type { GatewayClient } from "@ebb/gateway";

/** What the controllers ask of the gateway's client; whoever made it starts and stops it. */
export type GatewayPort = Pick<
  GatewayClient,
  | "begin"
  | "putCertificate"
  | "removeCertificate"
  | "putRoute"
  | "removeRoute"
  | "putBackend"
  | "removeBackend"
  | "connected"
  | "explain"
  | "onWake"
  | "onStats"
>;

/** A certificate for these DNS names, from an authority of the cluster: PEM, and when it ends (milliseconds since the epoch). */
export type IssueCertificate = (
  names: readonly string[],
) => Promise<{ certificate: string; key: string; authority: string; notAfter: number }>;
