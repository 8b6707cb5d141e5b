export { createGatewayClient, type GatewayClient, type GatewayClientOptions } from "./control/gateway-client.ts";
export { AccessLogWriter, type AccessLogOptions } from "./access-log/access-log-writer.ts";
export type { AccessLogEntry, GatewayTotals } from "./core/access-log.ts";
export { ANSWER_KINDS, answerKind, type AnswerKind } from "./core/seen-requests.ts";
export { LATENCY_BOUNDS, type TrafficTotals } from "./core/traffic-counters.ts";
export { createDns, type DnsOptions } from "./dns/dns-server.ts";
export { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
export type { GatewayLimits } from "./limits.ts";
export type { ListenerOptions } from "./listener.ts";
export type {
  ControlMessage,
  ComparedSample,
  FirstAnswer,
  GatewayMessage,
  LoggedRequest,
  MirrorStats,
  RevisionStats,
  SeenRequest,
} from "./control-protocol.ts";
export { isCatchAllRule } from "./rules/conditions.ts";
export { explainer, type RouteExplanation, type RouteQuestion } from "./rules/explain.ts";
export type * from "./route-table.ts";
