import { createHash } from "node:crypto";
import type { HostRule, RouteEntry, Split } from "@ebb/gateway";
import type { Route, TrafficTarget } from "@ebb/kube";
import { keyOf } from "../engine/keys.ts";
import { hostsOf, urlOf, type Hosts, type HostSettings } from "./hosts.ts";
import { orderOf } from "../virtualservice/translate.ts";
import type { Target } from "./traffic.ts";

/** As in knative.dev/networking; `Enabled` or `Redirected`, in any case. */
const HTTP_PROTOCOL = "networking.knative.dev/http-protocol";

/** All names of a Route with where each leads. */
export interface NamedSplits {
  hosts: Hosts;
  splits: Split[];
}

export function splitsOf(namespace: string, targets: readonly Target[]): Split[] {
  const percents = new Map<string, number>();
  for (const { revisionName, percent } of targets) percents.set(revisionName, (percents.get(revisionName) ?? 0) + percent);
  return [...percents].filter(([, percent]) => percent > 0).map(([name, percent]) => ({ revision: `${namespace}/${name}`, percent }));
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
  { mine, redirectToTls }: { mine: (host: string) => boolean; redirectToTls: boolean },
): RouteEntry {
  const external = { visibility: "external" as const, setHeaders: {}, ...(redirectToTls ? { redirectToTls } : {}) };
  const rules: HostRule[] = named.flatMap(({ hosts, splits }) => [
    ...(hosts.external === undefined ? [] : [{ ...external, host: hosts.external, splits }]),
    ...hosts.local.map((host) => ({ host, visibility: "cluster-local" as const, splits, setHeaders: {} })),
  ]);
  const hosts = rules.filter(({ host, splits }) => mine(host) && splits.length > 0);
  const { creationTimestamp, name, namespace } = route.metadata;
  // net-istio makes a VirtualService of this name of it, and VirtualServices are ordered by age and name.
  const order = orderOf(creationTimestamp, `${name}-ingress`, namespace);
  return { key: keyOf(route), hash: hashOf(route, hosts), order, hosts };
}

/** The Route's own word counts more than the cluster's; `by` is config-network's. */
export function redirectsToTls({ metadata }: Route, by: boolean): boolean {
  const own = metadata.annotations?.[HTTP_PROTOCOL]?.toLowerCase();
  return own === "redirected" || (own !== "enabled" && by);
}

/** The uid is part of the meaning: a Route deleted and made anew must not be taken for its predecessor. */
function hashOf(route: Route, hosts: readonly HostRule[]): string {
  return createHash("sha256")
    .update(JSON.stringify([route.metadata.uid, hosts]))
    .digest("hex")
    .slice(0, 32);
}

export function statusTraffic(route: Route, targets: readonly Target[], settings: HostSettings): TrafficTarget[] {
  return targets.map((target) => ({
    ...target,
    ...(target.tag === undefined ? {} : { url: urlOf(hostsOf(route, settings, target.tag)) }),
  }));
}
