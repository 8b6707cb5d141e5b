import type { HeaderOperations, HttpMatchRequest, HttpRoute, IstioDestination, VirtualService } from "./istio.ts";
import { durationProblems, gatewayNameProblems, headerProblems, hostProblems, matchProblems, regexProblems } from "./validate-text.ts";

/** What is wrong with a VirtualService, in Istio's words (istio, pkg/config/validation/virtualservice.go and validation.go). */
export function validateVirtualService({ spec }: Pick<VirtualService, "spec">): string[] {
  const { hosts = [], gateways = [], http = [], tcp = [], tls = [] } = spec;
  const delegate = hosts.length === 0;
  const mesh = gateways.length === 0 || gateways.includes("mesh");
  return [
    ...(delegate && gateways.length > 0 ? ["delegate virtual service must have no gateways specified"] : []),
    ...(delegate && tls.length > 0 ? ["delegate virtual service must have no tls route specified"] : []),
    ...(delegate && tcp.length > 0 ? ["delegate virtual service must have no tcp route specified"] : []),
    ...gatewayNameProblems(gateways),
    ...hosts.flatMap(hostProblems),
    ...(mesh && hosts.includes("*") ? ["wildcard host * is not allowed for virtual services bound to the mesh gateway"] : []),
    ...duplicateHosts(hosts),
    ...(http.length + tcp.length + tls.length === 0 ? ["http, tcp or tls must be provided in virtual service"] : []),
    ...http.flatMap((route) => validateHttpRoute(route, delegate)),
  ];
}

function duplicateHosts(hosts: readonly string[]): string[] {
  const lower = hosts.map((host) => host.toLowerCase());
  return lower.flatMap((host, i) =>
    lower
      .slice(i + 1)
      .filter((other) => covers(host, other) || covers(other, host))
      .map((other) => `duplicate hosts in virtual service: ${host} & ${other}`),
  );
}

function covers(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith("*") && host.endsWith(pattern.slice(1)));
}

function validateHttpRoute(route: HttpRoute, delegate: boolean): string[] {
  return [
    ...conflicts(route, delegate),
    ...(route.match ?? []).flatMap((match) => validateMatch(match, delegate || route.delegate !== undefined)),
    ...headersOf(route.headers?.request, true),
    ...headersOf(route.headers?.response, false),
    ...validateCors(route),
    ...validateFault(route),
    ...percentageProblems("mirror_percentage", route.mirrorPercentage?.value),
    ...(route.mirror && route.mirrors ? ["HTTP route cannot contain both mirror and mirrors"] : []),
    ...[route.mirror, ...(route.mirrors ?? []).map(({ destination }) => destination)].flatMap(validateDestination),
    ...validateRedirect(route),
    ...validateDirectResponse(route),
    ...validateRetries(route),
    ...validateRewrite(route),
    ...validateDestinations(route),
    ...durationProblems(route.timeout),
  ];
}

function conflicts(route: HttpRoute, delegate: boolean): string[] {
  const { redirect, directResponse, fault, rewrite } = route;
  const routes = route.route?.length ?? 0;
  if (route.delegate && !delegate) {
    const name = route.name ?? "";
    return [
      ...(redirect ? [`root HTTP route ${name} must not specify redirect`] : []),
      ...(route.route ? [`root HTTP route ${name} must not specify route`] : []),
      ...(directResponse ? [`root HTTP route ${name} must not specify direct_response`] : []),
    ];
  }
  const found = route.delegate ? ["delegate HTTP route cannot contain delegate"] : [];
  if (redirect) {
    if (routes > 0) found.push("HTTP route cannot contain both route and redirect");
    if (fault) found.push("HTTP route cannot contain both fault and redirect");
    if (rewrite) found.push("HTTP route rule cannot contain both rewrite and redirect");
    if (directResponse) found.push("HTTP route cannot contain both redirect and direct_response");
  } else if (directResponse) {
    if (routes > 0) found.push("HTTP route cannot contain both route and direct_response");
    if (fault) found.push("HTTP route cannot contain both fault and direct_response");
    if (rewrite) found.push("HTTP route rule cannot contain both rewrite and direct_response");
  } else if (routes === 0) found.push("HTTP route, redirect or direct_response is required");
  return found;
}

function validateMatch(match: HttpMatchRequest, delegating: boolean): string[] {
  const { uri, scheme, method, authority, headers = {}, withoutHeaders = {}, queryParams = {}, port } = match;
  const texts = { uri, scheme, method, authority };
  const named = [...Object.entries(headers), ...Object.entries(withoutHeaders)];
  const regex = delegating
    ? [
        ...Object.entries(texts).flatMap(([name, text]) =>
          text?.regex === undefined ? [] : [delegatingRegex(name === "uri" ? "url match" : `${name} match`)],
        ),
        ...Object.entries(headers).flatMap(([name, text]) => (text.regex === undefined ? [] : [delegatingRegex(`header match ${name}`)])),
      ]
    : [
        ...Object.entries(texts).flatMap(([name, text]) => matchProblems(text, name)),
        ...named.flatMap(([, text]) => matchProblems(text, "headers")),
        ...Object.values(queryParams).flatMap((text) => matchProblems(text, "queryParams")),
      ];
  return [
    ...regex,
    ...named.flatMap(([name]) => (name === "" ? ["header name cannot be empty"] : [])),
    ...(port !== undefined && port !== 0 && (port < 1 || port > 65_535) ? [`port number ${port} must be in the range 1..65535`] : []),
    ...gatewayNameProblems(match.gateways),
  ];
}

function delegatingRegex(what: string): string {
  return `${what} does not support regex match for delegating`;
}

function headersOf(operations: HeaderOperations = {}, authority: boolean): string[] {
  const { set = {}, add = {}, remove = [] } = operations;
  const values = [...Object.values(set), ...Object.values(add)];
  return [
    ...Object.keys({ ...set, ...add }).flatMap((name) => headerProblems(name, authority)),
    ...remove.flatMap((name) => headerProblems(name, false)),
    ...values.flatMap((value) => (isHeaderValue(value) ? [] : ["header value configuration is invalid: it holds control characters"])),
  ];
}

// oxlint-disable-next-line no-control-regex -- what must not be in a header
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const isHeaderValue = (value: string) => !CONTROLS.test(value);

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"]);

function validateCors({ corsPolicy }: HttpRoute): string[] {
  if (!corsPolicy) return [];
  const { allowOrigins = [], allowMethods = [], allowHeaders = [], exposeHeaders = [], maxAge, unmatchedPreflights } = corsPolicy;
  const seconds = durationProblems(maxAge).length === 0 && maxAge !== undefined && !/^(?:\d+[hms])+$|^0$/.test(maxAge);
  return [
    ...allowOrigins.flatMap((origin) =>
      Object.values(origin).every((text) => text === "")
        ? ["'' is not a valid match type for CORS allow origins"]
        : matchProblems(origin, "corsPolicy.allowOrigins"),
    ),
    ...allowMethods.filter((method) => !METHODS.has(method)).map((method) => `${JSON.stringify(method)} is not a supported HTTP method`),
    ...[...allowHeaders, ...exposeHeaders].flatMap((name) => (name === "*" ? [] : headerProblems(name, false))),
    ...durationProblems(maxAge),
    ...(seconds ? ["max_age duration is accurate only to seconds precision"] : []),
    ...(unmatchedPreflights !== undefined && !["UNSPECIFIED", "FORWARD", "IGNORE"].includes(unmatchedPreflights)
      ? [`unmatched preflights ${unmatchedPreflights} is not supported`]
      : []),
  ];
}

function validateFault({ fault }: HttpRoute): string[] {
  if (!fault) return [];
  const { delay, abort } = fault;
  const status = abort?.httpStatus;
  return [
    ...(!delay && !abort ? ["HTTP fault injection must have an abort and/or a delay"] : []),
    ...percentageProblems("abort percentage", abort?.percentage?.value),
    ...percentageProblems("delay percentage", delay?.percentage?.value),
    ...(abort && status === undefined && abort.grpcStatus === undefined ? ["abort must specify an HTTP status or a gRPC status"] : []),
    ...(status !== undefined && (status < 200 || status > 600) ? [`HTTP status ${status} is not in range [200, 599]`] : []),
    ...(delay ? durationProblems(delay.fixedDelay ?? "", false) : []),
  ];
}

function percentageProblems(what: string, value: number | undefined): string[] {
  if (value === undefined || (value >= 0 && value <= 100)) return [];
  return [
    value > 100
      ? `${what} must have a max value of 100 (it has ${value.toFixed(6)})`
      : `${what} must have a min value of 0 (it has ${value.toFixed(6)})`,
  ];
}

function validateDestination(destination: IstioDestination | undefined): string[] {
  if (!destination) return [];
  const { host, port, subset } = destination;
  const number = port?.number;
  return [
    ...(host === "*" ? ["invalid destination host *"] : hostProblems(host)),
    ...(subset !== undefined && !/^[a-z0-9A-Z]([-\w.]*[a-z0-9A-Z])?$/.test(subset) ? [`subset name is invalid: ${subset}`] : []),
    ...(port && (number === undefined || number < 1 || number > 65_535)
      ? [`port number ${number ?? 0} must be in the range 1..65535`]
      : []),
  ];
}

function validateRedirect({ redirect }: HttpRoute): string[] {
  if (!redirect) return [];
  const { uri, authority, port, derivePort, scheme, redirectCode } = redirect;
  const code = redirectCode ?? 301;
  return [
    ...(uri === undefined &&
    authority === undefined &&
    port === undefined &&
    derivePort === undefined &&
    redirectCode === undefined &&
    scheme === undefined
      ? ["redirect must specify URI, authority, scheme, or port"]
      : []),
    ...([0, 301, 302, 303, 307, 308].includes(code) ? [] : [`redirect code must be 301, 302, 303, 307 or 308; it is ${code}`]),
    ...(scheme !== undefined && scheme !== "http" && scheme !== "https" ? ["invalid redirect scheme, must be http or https"] : []),
    ...(port !== undefined && (port < 1 || port > 65_535) ? [`port number ${port} must be in the range 1..65535`] : []),
    ...(derivePort !== undefined && !["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"].includes(derivePort)
      ? [`derivePort ${derivePort} is not supported`]
      : []),
  ];
}

/** Envoy's bound on an inline body is 4 KiB less in old versions; Istio's is this. */
const LONGEST_BODY = 1_048_576;

function validateDirectResponse({ directResponse }: HttpRoute): string[] {
  if (!directResponse) return [];
  const { status, body } = directResponse;
  const size = body?.string === undefined ? Buffer.byteLength(body?.bytes ?? "", "base64") : Buffer.byteLength(body.string);
  return [
    ...(status < 200 || status > 599 ? [`HTTP status ${status} is not in range [200, 599]`] : []),
    ...(size > LONGEST_BODY ? [`body is too large: it has ${size} bytes`] : []),
  ];
}

const RETRY_ON = new Set(
  (
    "5xx gateway-error reset reset-before-request connect-failure envoy-ratelimited retriable-4xx refused-stream retriable-status-codes " +
    "retriable-headers http3-post-connect-failure cancelled deadline-exceeded internal resource-exhausted unavailable"
  ).split(" "),
);

function validateRetries({ retries }: HttpRoute): string[] {
  if (!retries) return [];
  const { attempts = 0, perTryTimeout, retryOn } = retries;
  if (attempts < 0) return ["attempts cannot be negative"];
  if (attempts === 0 && (perTryTimeout !== undefined || retryOn))
    return ["http retry policy configured when attempts are set to 0 (disabled)"];
  const names = (retryOn ?? "").split(",").map((name) => name.trim());
  const wrong = retryOn ? names.filter((name) => !RETRY_ON.has(name) && !/^[1-5]\d\d$/.test(name)) : [];
  return [...durationProblems(perTryTimeout), ...wrong.map((name) => `${JSON.stringify(name)} is not a valid retryOn policy`)];
}

function validateRewrite({ rewrite, headers }: HttpRoute): string[] {
  if (!rewrite) return [];
  const { uri, authority, uriRegexRewrite } = rewrite;
  const { set = {}, add = {} } = headers?.request ?? {};
  const other = [...Object.entries(set), ...Object.entries(add)].find(([name]) => /^(?::authority|host)$/i.test(name));
  const found: string[] = [];
  if (uri === undefined && authority === undefined && !uriRegexRewrite)
    found.push("rewrite must specify at least one of URI, authority, or both");
  if (uri !== undefined && uriRegexRewrite) found.push("rewrite may only contain one of URI or UriRegexRewrite");
  if (uriRegexRewrite) {
    if (!uriRegexRewrite.match || uriRegexRewrite.rewrite === undefined)
      found.push("UriRegexRewrite requires both Rewrite and Match fields to be specified");
    else found.push(...regexProblems(uriRegexRewrite.match, "uriRegexRewrite"));
  }
  if (authority && other)
    found.push(
      `authority header cannot be set multiple times: have ${JSON.stringify(authority)}, attempting to set ${JSON.stringify(other[1])}`,
    );
  return found;
}

function validateDestinations({ route = [] }: HttpRoute): string[] {
  const total = route.reduce((sum, { weight = 0 }) => sum + weight, 0);
  return [
    ...route.flatMap(({ destination, headers, weight = 0 }) => [
      ...validateDestination(destination),
      ...headersOf(headers?.request, true),
      ...headersOf(headers?.response, false),
      ...(weight < 0 ? [`weight ${weight} < 0`] : []),
    ]),
    ...(route.length > 1 && total === 0 ? ["total destination weight = 0"] : []),
  ];
}
