import type { HostRule, RouteEntry, RouteRule, Split } from "@ebb/gateway";
import type { Route, TrafficTarget } from "@ebb/kube";
import { keyIn, keyOf } from "../engine/keys.ts";
import { hostsOf, urlOf, type Hosts, type HostSettings } from "./hosts.ts";
import { meaningHash, orderOf } from "../virtualservice/translate.ts";
import { policyOf } from "./policy.ts";
import type { Target } from "./traffic.ts";

/** As in knative.dev/networking, the first that is there counts; `Enabled` or `Redirected`, in any case. */
const HTTP_PROTOCOL = ["httpOption", "http-protocol"].map((name) => `networking.knative.dev/${name}`);

/** Sent by a client to be led to a tag at the Route's own host (feature `tag-header-based-routing`). */
const TAG_HEADER = "knative-serving-tag";

/** One for all: a Route has four hosts. */
const NO_HEADERS = Object.freeze({});

/** All names of a Route with where each leads. */
export interface NamedSplits {
  /** Absent for the Route itself. */
  tag?: string;
  hosts: Hosts;
  splits: Split[];
}

export function splitsOf(namespace: string, targets: readonly Target[]): Split[] {
  const percents = new Map<string, number>();
  for (const { revisionName, percent } of targets) percents.set(revisionName, (percents.get(revisionName) ?? 0) + percent);
  return [...percents].filter(([, percent]) => percent > 0).map(([name, percent]) => ({ revision: keyIn({ namespace }, name), percent }));
}

/** The Route itself first, then its tags. */
export function namedSplits(route: Route, targets: readonly Target[], settings: HostSettings): NamedSplits[] {
  const namespace = route.metadata.namespace ?? "";
  const tags = new Set(targets.flatMap(({ tag }) => tag ?? []));
  return [
    { hosts: hostsOf(route, settings), splits: splitsOf(namespace, targets) },
    ...[...tags].map((tag) => {
      const tagged = targets.filter((target) => target.tag === tag);
      return {
        tag,
        hosts: hostsOf(route, settings, tag),
        splits: splitsOf(
          namespace,
          tagged.map((target) => ({ ...target, percent: 100 })),
        ),
      };
    }),
  ];
}

export function allHosts(named: readonly NamedSplits[]): string[] {
  return named.flatMap(({ hosts }) => [...(hosts.external === undefined ? [] : [hosts.external]), ...hosts.local]);
}

/** What the gateway is told; `mine` says which hosts this Route may use. */
export function makeEntry(
  route: Route,
  named: readonly NamedSplits[],
  { mine, redirectToTls, tagHeader }: { mine: (host: string) => boolean; redirectToTls: boolean; tagHeader: boolean },
): RouteEntry {
  const tagRules = tagHeader ? rulesByTag(keyOf(route), named) : [];
  const withTags = (tag: string | undefined) => (tag === undefined && tagRules.length > 0 ? { rules: tagRules } : {});
  const policy = policyOf(route);
  const guarded = { ...(redirectToTls ? { redirectToTls } : {}), ...(policy ? { policy } : {}) };
  const external = { visibility: "external" as const, setHeaders: NO_HEADERS, ...guarded };
  const rules: HostRule[] = named.flatMap(({ tag, hosts, splits }) => [
    ...(hosts.external === undefined ? [] : [{ ...external, host: hosts.external, splits, ...withTags(tag) }]),
    ...hosts.local.map((host) => ({ host, visibility: "cluster-local" as const, splits, setHeaders: NO_HEADERS, ...withTags(tag) })),
  ]);
  const hosts = rules.filter(({ host, splits }) => mine(host) && splits.length > 0);
  const { creationTimestamp, name, namespace } = route.metadata;
  // net-istio makes a VirtualService of this name of it, and VirtualServices are ordered by age and name.
  const order = orderOf(creationTimestamp, `${name}-ingress`, namespace);
  return { key: keyOf(route), hash: meaningHash([route.metadata.uid, hosts]), order, hosts };
}

/** A tag that no target has is for the Route's own split (knative, pkg/reconciler/route/resources/ingress.go). */
function rulesByTag(key: string, named: readonly NamedSplits[]): RouteRule[] {
  return named.flatMap(({ tag, splits }) => {
    if (tag === undefined || splits.length === 0) return [];
    const destinations = splits.map(({ revision, percent }) => ({ target: { service: revision }, weight: percent }));
    const name = `${key} tag ${tag}`;
    return [{ name, matches: [{ headers: { [TAG_HEADER]: { exact: tag } } }], action: { type: "forward" as const, destinations } }];
  });
}

/** The object's own word counts more than the cluster's; `by` is config-network's. */
export function redirectsToTls({ metadata }: Pick<Route, "metadata">, by: boolean): boolean {
  const own = HTTP_PROTOCOL.map((name) => metadata.annotations?.[name])
    .find((value) => value !== undefined)
    ?.toLowerCase();
  return own === "redirected" || (own !== "enabled" && by);
}

export function statusTraffic(route: Route, targets: readonly Target[], settings: HostSettings): TrafficTarget[] {
  return targets.map((target) => ({
    ...target,
    ...(target.tag === undefined ? {} : { url: urlOf(hostsOf(route, settings, target.tag), settings.secure) }),
  }));
}
