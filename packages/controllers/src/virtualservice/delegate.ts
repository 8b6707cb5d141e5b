import type { HttpMatchRequest, HttpRoute, StringMatch, VirtualService } from "@ebb/kube";

/**
 * The routes of a VirtualService with those of its delegates in their place; after istio, pilot/pkg/model/virtualservice.go. Of a match
 * of the root and one of the delegate, both must hold; where they cannot, there is none. One level deep.
 */
export function withDelegates(service: VirtualService, find: (namespace: string, name: string) => VirtualService | undefined): HttpRoute[] {
  return (service.spec.http ?? []).flatMap((root) => {
    if (!root.delegate) return [root];
    const namespace = root.delegate.namespace || (service.metadata.namespace ?? "");
    const delegate = find(namespace, root.delegate.name ?? "");
    // One with hosts is a root itself.
    if (!delegate || (delegate.spec.hosts ?? []).length > 0) return [];
    return (delegate.spec.http ?? []).flatMap((route) => mergedRoute(root, route) ?? []);
  });
}

function mergedRoute(root: HttpRoute, route: HttpRoute): HttpRoute | undefined {
  const { delegate: _delegate, match: rootMatches = [], ...defaults } = root;
  const match = mergedMatches(rootMatches, route.match ?? []);
  if (match === undefined) return undefined;
  const name = [root.name, route.name].filter(Boolean).join("-");
  return {
    ...defaults,
    ...route,
    ...(name === "" ? {} : { name }),
    ...(match.length > 0 ? { match } : {}),
    headers: { ...root.headers, ...route.headers },
  };
}

function mergedMatches(root: readonly HttpMatchRequest[], own: readonly HttpMatchRequest[]): HttpMatchRequest[] | undefined {
  if (root.length === 0) return [...own];
  if (own.length === 0) return [...root];
  const merged = own.flatMap((match) => root.flatMap((outer) => mergedMatch(outer, match) ?? []));
  return merged.length > 0 ? merged : undefined;
}

function mergedMatch(root: HttpMatchRequest, own: HttpMatchRequest): HttpMatchRequest | undefined {
  for (const key of ["uri", "method", "scheme", "authority"] as const) if (conflicts(root[key], own[key])) return undefined;
  for (const key of ["headers", "withoutHeaders", "queryParams"] as const) {
    if (Object.entries(own[key] ?? {}).some(([name, match]) => conflicts(root[key]?.[name], match))) return undefined;
  }
  if (root.port !== undefined && own.port !== undefined && root.port !== own.port) return undefined;
  return {
    ...root,
    ...own,
    headers: { ...root.headers, ...own.headers },
    withoutHeaders: { ...root.withoutHeaders, ...own.withoutHeaders },
    queryParams: { ...root.queryParams, ...own.queryParams },
  };
}

/** The delegate's must be within the root's. */
function conflicts(root: StringMatch | undefined, own: StringMatch | undefined): boolean {
  if (!root || !own) return false;
  if (root.regex !== undefined || own.regex !== undefined) return true;
  if (root.exact !== undefined) return own.exact !== root.exact;
  return !(own.exact ?? own.prefix ?? "").startsWith(root.prefix ?? "");
}
