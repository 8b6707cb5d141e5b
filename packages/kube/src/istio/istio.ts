import type { Condition, KubeObject } from "../meta.ts";

/** networking.istio.io VirtualService and Gateway: the parts that are for HTTP. */
export interface StringMatch {
  exact?: string;
  prefix?: string;
  regex?: string;
}
export type StringMatches = Record<string, StringMatch>;

export interface HttpMatchRequest {
  name?: string;
  uri?: StringMatch;
  scheme?: StringMatch;
  method?: StringMatch;
  authority?: StringMatch;
  headers?: StringMatches;
  withoutHeaders?: StringMatches;
  queryParams?: StringMatches;
  ignoreUriCase?: boolean;
  gateways?: string[];
  port?: number;
  sourceLabels?: Record<string, string>;
  sourceNamespace?: string;
}
export interface IstioDestination {
  host: string;
  subset?: string;
  port?: { number?: number };
}
export interface HeaderOperations {
  set?: Record<string, string>;
  add?: Record<string, string>;
  remove?: string[];
}
export interface IstioHeaders {
  request?: HeaderOperations;
  response?: HeaderOperations;
}
export interface HttpRouteDestination {
  destination: IstioDestination;
  weight?: number;
  headers?: IstioHeaders;
}
export interface Percentage {
  value?: number;
}
export interface HttpRoute {
  name?: string;
  match?: HttpMatchRequest[];
  route?: HttpRouteDestination[];
  redirect?: {
    uri?: string;
    authority?: string;
    port?: number;
    /** FROM_PROTOCOL_DEFAULT or FROM_REQUEST_PORT. */
    derivePort?: string;
    scheme?: string;
    redirectCode?: number;
  };
  directResponse?: { status: number; body?: { string?: string; bytes?: string } };
  delegate?: { name?: string; namespace?: string };
  rewrite?: { uri?: string; authority?: string; uriRegexRewrite?: { match?: string; rewrite?: string } };
  timeout?: string;
  retries?: { attempts?: number; perTryTimeout?: string; retryOn?: string };
  fault?: {
    delay?: { fixedDelay?: string; percentage?: Percentage; percent?: number };
    abort?: { httpStatus?: number; grpcStatus?: string; percentage?: Percentage };
  };
  mirror?: IstioDestination;
  mirrorPercentage?: Percentage;
  mirrorPercent?: number;
  mirrors?: { destination: IstioDestination; percentage?: Percentage }[];
  corsPolicy?: {
    allowOrigin?: string[];
    allowOrigins?: StringMatch[];
    allowMethods?: string[];
    allowHeaders?: string[];
    exposeHeaders?: string[];
    maxAge?: string;
    allowCredentials?: boolean;
    unmatchedPreflights?: string;
  };
  headers?: IstioHeaders;
}
export interface VirtualServiceSpec {
  hosts?: string[];
  gateways?: string[];
  http?: HttpRoute[];
  tcp?: unknown[];
  tls?: unknown[];
  exportTo?: string[];
}
export interface IstioStatus {
  conditions?: Condition[];
  observedGeneration?: number;
  validationMessages?: { type: { name: string; code: string }; level: "ERROR" | "WARNING" | "INFO"; documentationUrl: string }[];
}
export interface VirtualService extends KubeObject {
  spec: VirtualServiceSpec;
  status?: IstioStatus;
}

export interface GatewayServer {
  name?: string;
  hosts: string[];
  port: { number: number; name: string; protocol: string };
  tls?: { mode?: string; httpsRedirect?: boolean; credentialName?: string };
}
export interface IstioGateway extends KubeObject {
  spec: { selector?: Record<string, string>; servers?: GatewayServer[] };
}
export interface DestinationRule extends KubeObject {
  spec: { host: string; subsets?: { name: string; labels?: Record<string, string> }[]; trafficPolicy?: object };
}

export interface AuthorizationRule {
  from?: { source: { ipBlocks?: string[]; notIpBlocks?: string[] } }[];
  to?: { operation: { hosts?: string[] } }[];
  when?: { key: string; values?: string[]; notValues?: string[] }[];
}
export interface AuthorizationPolicy extends KubeObject {
  spec: { selector?: { matchLabels: Record<string, string> }; action: "ALLOW" | "DENY"; rules: AuthorizationRule[] };
}

/** `match` and `value` are Envoy's. */
export interface EnvoyConfigPatch {
  applyTo: "HTTP_FILTER" | "VIRTUAL_HOST";
  match: object;
  patch: { operation: "INSERT_BEFORE" | "MERGE"; value: object };
}
export interface EnvoyFilter extends KubeObject {
  spec: { workloadSelector: { labels: Record<string, string> }; configPatches: EnvoyConfigPatch[] };
}
