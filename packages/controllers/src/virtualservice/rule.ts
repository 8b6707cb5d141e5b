import type { Cors, Fault, HeaderChanges, RequestMatch, Retries, RouteRule, RuleAction, TextMatch } from "@ebb/gateway";
import { durationMs, type HeaderOperations, type HttpMatchRequest, type HttpRoute, type StringMatch, type StringMatches } from "@ebb/kube";
import { targetOf, type DestinationSources } from "./destination.ts";

export interface RuleContext extends DestinationSources {
  /** For people. */
  name: string;
  namespace: string;
}

/** An Istio HTTPRoute as a rule of the gateway. `matches` are those that are for this gateway. */
export function ruleOf(route: HttpRoute, matches: readonly HttpMatchRequest[], context: RuleContext): RouteRule {
  const { rewrite, headers, timeout, retries, fault, corsPolicy } = route;
  const timeoutMs = timeout === undefined ? 0 : (durationMs(timeout) ?? 0);
  const mirrors = mirrorsOf(route, context);
  const path = rewrite?.uriRegexRewrite
    ? { regex: rewrite.uriRegexRewrite.match ?? "", replacement: rewrite.uriRegexRewrite.rewrite ?? "" }
    : rewrite?.uri
      ? { uri: rewrite.uri }
      : undefined;
  return {
    name: context.name,
    matches: matches.map(matchOf),
    action: actionOf(route, context),
    ...(path ? { path } : {}),
    ...(rewrite?.authority ? { authority: rewrite.authority } : {}),
    ...changed("request", headers?.request),
    ...changed("response", headers?.response),
    ...(timeoutMs > 0 ? { timeoutSeconds: timeoutMs / 1000 } : {}),
    ...(retries ? { retries: retriesOf(retries) } : {}),
    ...(fault ? { fault: faultOf(fault) } : {}),
    ...(mirrors.length > 0 ? { mirrors } : {}),
    ...(corsPolicy ? { cors: corsOf(corsPolicy) } : {}),
  };
}

/** `{}` is presence, and so is the expression `*`, which is none. */
function textOf({ exact, prefix, regex }: StringMatch): TextMatch {
  if (exact !== undefined) return { exact };
  if (prefix !== undefined) return { prefix };
  return regex === undefined || regex === "*" ? { present: true } : { regex };
}

function textsOf(matches: StringMatches, name: (text: string) => string = (text) => text): Record<string, TextMatch> {
  return Object.fromEntries(Object.entries(matches).map(([key, match]) => [name(key), textOf(match)]));
}

function matchOf(match: HttpMatchRequest): RequestMatch {
  const { uri, method, authority, scheme, headers, withoutHeaders, queryParams } = match;
  const lower = (name: string) => name.toLowerCase();
  return {
    ...(uri ? { uri: textOf(uri) } : {}),
    ...(match.ignoreUriCase ? { ignoreUriCase: true } : {}),
    ...(method ? { method: textOf(method) } : {}),
    ...(authority ? { authority: textOf(authority) } : {}),
    ...(scheme ? { scheme: textOf(scheme) } : {}),
    ...(headers ? { headers: textsOf(headers, lower) } : {}),
    ...(withoutHeaders ? { withoutHeaders: textsOf(withoutHeaders, lower) } : {}),
    ...(queryParams ? { queryParams: textsOf(queryParams) } : {}),
  };
}

function changed<K extends "request" | "response">(key: K, operations: HeaderOperations | undefined): { [P in K]?: HeaderChanges } {
  return operations ? ({ [key]: { ...operations } } as { [P in K]?: HeaderChanges }) : {};
}

function actionOf({ route = [], redirect, directResponse }: HttpRoute, context: RuleContext): RuleAction {
  if (redirect) {
    const { uri, authority, scheme, redirectCode, derivePort } = redirect;
    const derived = derivePort === "FROM_PROTOCOL_DEFAULT" ? ("scheme" as const) : ("request" as const);
    const port = redirect.port ?? (derivePort ? derived : undefined);
    return {
      type: "redirect",
      status: redirectCode || 301,
      ...(uri ? { uri } : {}),
      ...(authority ? { authority } : {}),
      ...(scheme ? { scheme } : {}),
      ...(port === undefined ? {} : { port }),
    };
  }
  if (directResponse) {
    const { status, body } = directResponse;
    return body?.bytes === undefined
      ? { type: "respond", status, body: body?.string ?? "" }
      : { type: "respond", status, body: body.bytes, encoding: "base64" };
  }
  // Of several, one without a weight has none.
  const used = route.length > 1 ? route.filter(({ weight = 0 }) => weight > 0) : route;
  return {
    type: "forward",
    destinations: used.map(({ destination, weight = 0, headers }) => ({
      target: targetOf(destination, context.namespace, context),
      weight: used.length === 1 ? 100 : weight,
      ...changed("request", headers?.request),
      ...changed("response", headers?.response),
    })),
  };
}

/** Istio's mesh default (route/retry/retry.go), but for refused connections, which the gateway tries again by itself. */
const DEFAULT_RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled";

function retriesOf({ attempts = 0, perTryTimeout, retryOn }: NonNullable<HttpRoute["retries"]>): Retries {
  const on = (retryOn || DEFAULT_RETRY_ON).split(",").map((name) => name.trim());
  return {
    attempts: Math.min(attempts, 100),
    perTrySeconds: perTryTimeout === undefined ? 0 : (durationMs(perTryTimeout) ?? 0) / 1000,
    on,
  };
}

/** Without a percentage there is none. */
function faultOf({ delay, abort }: NonNullable<HttpRoute["fault"]>): Fault {
  const seconds = delay?.fixedDelay === undefined ? 0 : (durationMs(delay.fixedDelay) ?? 0) / 1000;
  return {
    ...(delay && seconds > 0 ? { delay: { seconds, percent: delay.percentage?.value ?? delay.percent ?? 0 } } : {}),
    ...(abort?.httpStatus ? { abort: { status: Math.min(abort.httpStatus, 599), percent: abort.percentage?.value ?? 0 } } : {}),
  };
}

function mirrorsOf(route: HttpRoute, context: RuleContext): NonNullable<RouteRule["mirrors"]> {
  const { mirror, mirrors = [], mirrorPercentage, mirrorPercent } = route;
  const all = [
    ...(mirror ? [{ destination: mirror, percent: mirrorPercentage ? (mirrorPercentage.value ?? 0) : (mirrorPercent ?? 100) }] : []),
    ...mirrors.map(({ destination, percentage }) => ({ destination, percent: percentage ? (percentage.value ?? 0) : 100 })),
  ];
  return all.map(({ destination, percent }) => ({ target: targetOf(destination, context.namespace, context), percent }));
}

function corsOf(policy: NonNullable<HttpRoute["corsPolicy"]>): Cors {
  const { allowOrigin = [], allowOrigins = [], allowMethods = [], allowHeaders = [], exposeHeaders = [], maxAge } = policy;
  const origins = [...allowOrigins.map(textOf), ...allowOrigin.map((exact) => ({ exact }))];
  return {
    origins: origins.map((origin) => ("exact" in origin && origin.exact === "*" ? { present: true } : origin)),
    methods: allowMethods,
    headers: allowHeaders,
    expose: exposeHeaders,
    ...(maxAge === undefined ? {} : { maxAgeSeconds: Math.floor((durationMs(maxAge) ?? 0) / 1000) }),
    credentials: policy.allowCredentials === true,
    ignoreUnmatched: policy.unmatchedPreflights === "IGNORE",
  };
}
