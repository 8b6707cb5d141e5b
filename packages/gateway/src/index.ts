export { createGatewayClient, type GatewayClient, type GatewayClientOptions } from "./control/gateway-client.ts";
export type { AccessLogEntry, GatewayTotals } from "./core/access-log.ts";
export { LATENCY_BOUNDS, type TrafficTotals } from "./core/traffic-counters.ts";
export { createDns, type DnsOptions } from "./dns/dns-server.ts";
export { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
export type { GatewayLimits } from "./limits.ts";
export type { ListenerOptions } from "./listener.ts";
export type { ControlMessage, GatewayMessage, RevisionStats } from "./control-protocol.ts";
export type { Backend, CertificateEntry, Endpoint, HostRule, RevisionKey, RouteEntry, RouteTable, Split } from "./route-table.ts";
