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
