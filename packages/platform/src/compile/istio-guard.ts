import type { Unenforced } from "@ebb/api";
import {
  apiVersionOf,
  AuthorizationPolicies,
  DestinationRules,
  EnvoyFilters,
  type AuthorizationPolicy,
  type AuthorizationRule,
  type DestinationRule,
  type EnvoyConfigPatch,
  type EnvoyFilter,
  type PolicyAccess,
  type TrafficPolicy,
} from "@ebb/kube";
import { MANAGED_BY, PLATFORM_LABELS } from "../cluster/port.ts";
import { internalHost } from "./virtual-service.ts";

/** Where Istio's own gateway is, and what its pods are known by (the Gateways that come with Knative select them so). */
export const ISTIO_GATEWAY = { namespace: "istio-system", labels: { istio: "ingressgateway" } } as const;
/** Of the gateway's servers: virtual hosts are called `host:port`. */
const PORTS = [80, 443] as const;
/** So many may always be tried again, as in Ebb's own gateway. */
const RETRIES_AT_LEAST = 3;
const REPEATABLE = "GET|HEAD|OPTIONS|PUT|DELETE|TRACE";

export interface IstioGuardInput {
  app: string;
  namespace: string;
  policy: TrafficPolicy;
  /** Milliseconds since the epoch: what has ended by then is left out. */
  now: number;
  /** All those outside: its own, its previews', its custom domains. */
  hosts: readonly string[];
  /** Revisions that requests may reach. */
  revisions: readonly string[];
}

export type GuardObject = AuthorizationPolicy | EnvoyFilter | DestinationRule;

export interface IstioGuard {
  objects: GuardObject[];
  /** What of the policy no object says. */
  missing: Unenforced[];
}

/**
 * A traffic policy in Istio's words: who may come as an AuthorizationPolicy of its gateway, limits and retries as an EnvoyFilter of it, and what is
 * about instances as a DestinationRule for each Revision. Pure.
 */
export function compileIstioGuard(input: IstioGuardInput): IstioGuard {
  const { policy, hosts } = input;
  const access = hosts.length > 0 ? accessRules(input) : { rules: [], missing: [] };
  const patches = hosts.length > 0 ? envoyPatches(input) : [];
  return {
    objects: [
      ...(access.rules.length > 0 ? [authorization(input, access.rules)] : []),
      ...(patches.length > 0 ? [envoyFilter(input, patches)] : []),
      ...destinationRules(input),
    ],
    missing: [...access.missing, ...limitsLeftOut(policy), ...instancesLeftOut(policy)],
  };
}

function named({ app, namespace }: IstioGuardInput) {
  const labels = { [PLATFORM_LABELS.managedBy]: MANAGED_BY, [PLATFORM_LABELS.app]: app, [PLATFORM_LABELS.namespace]: namespace };
  // Dots, which no namespace has: two apps never share a name.
  return { name: `ebb.${namespace}.${app}`, namespace: ISTIO_GATEWAY.namespace, labels };
}

function authorization(input: IstioGuardInput, rules: AuthorizationRule[]): AuthorizationPolicy {
  return {
    apiVersion: apiVersionOf(AuthorizationPolicies),
    kind: "AuthorizationPolicy",
    metadata: named(input),
    spec: { selector: { matchLabels: ISTIO_GATEWAY.labels }, action: "DENY", rules },
  };
}

/**
 * All by DENY: an ALLOW on the gateway would refuse every other application's requests. Whoever is to be let in is whom the rule does not match.
 */
function accessRules({ policy, now, hosts }: IstioGuardInput): { rules: AuthorizationRule[]; missing: Unenforced[] } {
  const missing: Unenforced[] = [];
  const to = [{ operation: { hosts: hosts.flatMap((host) => [host, `${host}:*`]) } }];
  const lists = (part: "deny" | "allow", closed: string) => {
    const entries = (policy[part] ?? []).filter(({ until }) => until === undefined || now < Date.parse(until));
    const said = entries.map((entry) => ({ entry, value: entry.header === undefined ? undefined : headerValue(entry) }));
    const unsaid = said.filter(({ entry, value }) => entry.header !== undefined && value === undefined);
    missing.push(...unsaid.map(({ entry }) => ({ part, why: `Istio cannot match ${textOf(entry)}: ${closed}` })));
    return {
      any: entries.length > 0,
      addresses: entries.flatMap(({ address }) => address ?? []),
      headers: said.flatMap(({ entry, value }) => (value === undefined ? [] : [{ key: `request.headers[${entry.header}]`, value }])),
    };
  };
  const deny = lists("deny", "who sends it is not refused");
  const allow = lists("allow", "who is let in by it alone is refused");
  const rules: AuthorizationRule[] = [
    ...(deny.addresses.length > 0 ? [{ from: [{ source: { ipBlocks: deny.addresses } }], to }] : []),
    ...deny.headers.map(({ key, value }) => ({ to, when: [{ key, values: [value] }] })),
  ];
  if (allow.any) {
    rules.push({
      ...(allow.addresses.length > 0 ? { from: [{ source: { notIpBlocks: allow.addresses } }] } : {}),
      to,
      ...(allow.headers.length > 0 ? { when: allow.headers.map(({ key, value }) => ({ key, notValues: [value] })) } : {}),
    });
  }
  return { rules, missing };
}

/** As Istio matches values: `*` at an end stands for anything; undefined where that says something else, or nothing does. */
function headerValue({ match = { present: true } }: PolicyAccess): string | undefined {
  if ("present" in match) return "*";
  if ("regex" in match) return undefined;
  if ("prefix" in match) return match.prefix.startsWith("*") ? undefined : `${match.prefix}*`;
  const { exact } = match;
  return exact === "" || exact.startsWith("*") || exact.endsWith("*") ? undefined : exact;
}

function textOf({ header, match = { present: true } }: PolicyAccess): string {
  const [[how, value] = []] = Object.entries(match);
  return how === "present" ? `the header ${header}` : `the header ${header} by ${how} ${JSON.stringify(value)}`;
}

function envoyFilter(input: IstioGuardInput, configPatches: EnvoyConfigPatch[]): EnvoyFilter {
  return {
    apiVersion: apiVersionOf(EnvoyFilters),
    kind: "EnvoyFilter",
    metadata: named(input),
    spec: { workloadSelector: { labels: ISTIO_GATEWAY.labels }, configPatches },
  };
}

const LIMIT_TYPE = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
const EVERYTHING = { default_value: { numerator: 100, denominator: "HUNDRED" } };

/** Each limit is a filter of its own, which does nothing but for the app's hosts: those of one name would count a request once for each app. */
function envoyPatches({ app, namespace, policy, hosts }: IstioGuardInput): EnvoyConfigPatch[] {
  const limits = (policy.rateLimits ?? []).flatMap((limit, i) =>
    limit.by === "app" ? [{ ...limit, name: `ebb.limit.${namespace}.${app}.${i}` }] : [],
  );
  const filters = limits.map(({ name }): EnvoyConfigPatch => {
    const subFilter = { name: "envoy.filters.http.router" };
    const filterChain = { filter: { name: "envoy.filters.network.http_connection_manager", subFilter } };
    const value = { name, typed_config: { "@type": LIMIT_TYPE, stat_prefix: "ebb_limit" } };
    return {
      applyTo: "HTTP_FILTER",
      match: { context: "GATEWAY", listener: { filterChain } },
      patch: { operation: "INSERT_BEFORE", value },
    };
  });
  const value = {
    ...(limits.length > 0 ? { typed_per_filter_config: Object.fromEntries(limits.map((limit) => [limit.name, bucketOf(limit)])) } : {}),
    ...(policy.retries ? { retry_policy: retryPolicy(policy.retries) } : {}),
  };
  if (Object.keys(value).length === 0) return [];
  const virtualHosts = hosts.flatMap((host) => PORTS.map((port) => `${host}:${port}`));
  return [
    ...filters,
    ...virtualHosts.map((name): EnvoyConfigPatch => ({
      applyTo: "VIRTUAL_HOST",
      match: { context: "GATEWAY", routeConfiguration: { vhost: { name } } },
      patch: { operation: "MERGE", value },
    })),
  ];
}

function bucketOf({ requests, perSeconds, burst = requests }: { requests: number; perSeconds: number; burst?: number }) {
  const token_bucket = { max_tokens: burst, tokens_per_fill: requests, fill_interval: `${perSeconds}s` };
  return { "@type": LIMIT_TYPE, stat_prefix: "ebb_limit", token_bucket, filter_enabled: EVERYTHING, filter_enforced: EVERYTHING };
}

/** Of the virtual host: Knative's routes have none of their own. */
function retryPolicy({ attempts, perTrySeconds, on }: NonNullable<TrafficPolicy["retries"]>) {
  const codes = on.filter((name) => /^\d{3}$/.test(name)).map(Number);
  const names = on.filter((name) => !/^\d{3}$/.test(name));
  return {
    retry_on: [...names, ...(codes.length > 0 ? ["retriable-status-codes"] : [])].join(","),
    num_retries: attempts,
    ...(perTrySeconds > 0 ? { per_try_timeout: `${perTrySeconds}s` } : {}),
    ...(codes.length > 0 ? { retriable_status_codes: codes } : {}),
    retriable_request_headers: [{ name: ":method", string_match: { safe_regex: { regex: REPEATABLE } } }],
  };
}

function destinationRules({ app, namespace, policy, revisions }: IstioGuardInput): DestinationRule[] {
  const { affinity, ejection, retries } = policy;
  const trafficPolicy = {
    ...(affinity
      ? { loadBalancer: { consistentHash: { httpCookie: { name: affinity.cookie, path: "/", ttl: `${affinity.seconds}s` } } } }
      : {}),
    ...(ejection
      ? {
          outlierDetection: {
            consecutive5xxErrors: ejection.errors,
            interval: "1s",
            baseEjectionTime: `${ejection.seconds}s`,
            maxEjectionPercent: ejection.maxPercent,
          },
        }
      : {}),
    ...(retries ? { retryBudget: { percent: retries.budgetPercent, minRetryConcurrency: RETRIES_AT_LEAST } } : {}),
  };
  if (Object.keys(trafficPolicy).length === 0) return [];
  const labels = { [PLATFORM_LABELS.managedBy]: MANAGED_BY, [PLATFORM_LABELS.app]: app };
  return revisions.map((revision) => ({
    apiVersion: apiVersionOf(DestinationRules),
    kind: "DestinationRule",
    metadata: { name: `ebb.${revision}`, namespace, labels },
    spec: { host: internalHost(revision, namespace), trafficPolicy },
  }));
}

function limitsLeftOut({ rateLimits = [] }: TrafficPolicy): Unenforced[] {
  return rateLimits.flatMap(({ requests, perSeconds, by }) => {
    if (by === "app") return [];
    const each = by === "client" ? "each address" : `each value of the header ${by.header}`;
    return [{ part: "rateLimits", why: `Istio's gateway cannot count ${each} by itself: ${requests}/${perSeconds}s is not enforced` }];
  });
}

function instancesLeftOut({ affinity, ejection }: TrafficPolicy): Unenforced[] {
  const activator =
    "while Knative's activator is in the path (an app that wakes, or is near its limit) it is the activator that Istio sees";
  return [
    ...(affinity ? [{ part: "affinity", why: `A client comes back to its instance, and not to its version; ${activator}` }] : []),
    ...(ejection ? [{ part: "ejection", why: `Instances are left alone one by one, but ${activator}` }] : []),
  ];
}
