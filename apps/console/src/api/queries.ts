import type { HappeningKind, LayerAddress, Operation, Place, RequestStatus } from "@ebb/api";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { TimeSpan } from "./time-span.ts";
import { client } from "./connection.ts";

/** Keys start with what a ChangeEvent names, so that live.ts can invalidate by prefix. */
export const keys = {
  status: ["status"] as const,
  apps: ["apps"] as const,
  teams: ["teams"] as const,
  app: (name: string) => ["app", name] as const,
  /** Below the app's: what changes in it is read again in all its environments. */
  place: ({ app, env }: Place, what: string) => ["app", app, env, what] as const,
  operations: ["operations"] as const,
  operation: (id: string) => ["operation", id] as const,
};

export const statusQuery = queryOptions({ queryKey: keys.status, queryFn: ({ signal }) => client.status({ signal }) });

export const appsQuery = queryOptions({ queryKey: keys.apps, queryFn: ({ signal }) => client.listApps({ signal }) });

export const teamsQuery = queryOptions({ queryKey: keys.teams, queryFn: ({ signal }) => client.listTeams({ signal }) });
export const teamQuery = (name: string) =>
  queryOptions({ queryKey: [...keys.teams, name], queryFn: ({ signal }) => client.getTeam(name, { signal }) });
export const appQuery = (name: string) =>
  queryOptions({ queryKey: [...keys.app(name), "summary"], queryFn: ({ signal }) => client.getApp(name, { signal }) });

export const placeQuery = (place: Place) =>
  queryOptions({ queryKey: keys.place(place, "summary"), queryFn: ({ signal }) => client.getAppEnvironment(place, { signal }) });

export const versionsQuery = (place: Place) =>
  queryOptions({ queryKey: keys.place(place, "versions"), queryFn: ({ signal }) => client.listVersions(place, { signal }) });

/** `from` may be of another environment. Versions do not change: neither does what differs between two. */
export const diffQuery = (place: Place, which: { from: string; fromEnvironment?: string; to: string }) =>
  queryOptions({ queryKey: ["diff", place, which], queryFn: () => client.diffVersions(place, which), staleTime: Infinity });
export const instancesQuery = (place: Place) =>
  queryOptions({ queryKey: keys.place(place, "instances"), queryFn: ({ signal }) => client.listInstances(place, { signal }) });

/** The autoscaler's decisions are no event of their own: they are asked for again while somebody looks. */
export const decisionsQuery = (place: Place) =>
  queryOptions({
    queryKey: keys.place(place, "decisions"),
    queryFn: ({ signal }) => client.decisions(place, { limit: 200, signal }),
    refetchInterval: 4000,
  });

/** Those that held at a moment (RFC 3339), which do not change any more. */
export const decisionsAtQuery = (place: Place, at: string) =>
  queryOptions({
    queryKey: [...keys.place(place, "decisions"), at],
    queryFn: ({ signal }) => client.decisions(place, { limit: 50, at, signal }),
    staleTime: Infinity,
  });

/** The most that are told of a time at once. */
export const MOST_DECISIONS = 500;
/** The newest of a time that somebody chose, those before its beginning too: they held then. Asked for again while it has no end. */
export const decisionsOfSpanQuery = (place: Place, { to }: TimeSpan) =>
  queryOptions({
    queryKey: [...keys.place(place, "decisions"), "span", to],
    queryFn: ({ signal }) => client.decisions(place, { limit: MOST_DECISIONS, at: to, signal }),
    refetchInterval: to === undefined ? 4000 : false,
  });

/** Requests are no event either; as many as a page can show, of those that are so. */
export const recentRequestsQuery = (place: Place, so: { status?: RequestStatus | undefined; version?: string | undefined }) =>
  queryOptions({
    queryKey: [...keys.place(place, "requests"), "recent", so],
    queryFn: ({ signal }) => client.recentRequests(place, { ...so, limit: 500, signal }),
    refetchInterval: 5000,
  });
/** Where a remembered request would go as rules and split are now. */
export const explainedQuery = (place: Place, request: string) =>
  queryOptions({
    queryKey: [...keys.place(place, "requests"), "one", request],
    queryFn: () => client.explain(place, { request, headers: [] }),
  });

/** Decisions and the cluster's events are none of the platform's: they are asked for again while somebody looks. */
export const happeningsQuery = (place: Place, kind: HappeningKind | undefined, limit: number) =>
  queryOptions({
    queryKey: keys.place(place, `happenings ${kind ?? ""} ${limit}`),
    queryFn: ({ signal }) => client.happenings(place, { ...(kind ? { kinds: [kind] } : {}), limit, signal }),
    refetchInterval: 4000,
  });

/** How the last instances came to serve; asked for again like the decisions. */
export const coldStartsQuery = (place: Place) =>
  queryOptions({
    queryKey: keys.place(place, "cold-starts"),
    queryFn: ({ signal }) => client.coldStarts(place, { limit: 100, signal }),
    refetchInterval: 10_000,
  });
/** A version's configuration never changes. */
export const configurationQuery = (place: Place, version: string) =>
  queryOptions({
    queryKey: ["configuration", place, version],
    queryFn: async ({ signal }) => (await client.versionConfiguration(place, version, { signal })).items,
    staleTime: Infinity,
  });
export const trafficPolicyQuery = (place: Place) =>
  queryOptions({ queryKey: keys.place(place, "traffic-policy"), queryFn: ({ signal }) => client.getTrafficPolicy(place, { signal }) });
export const scalingQuery = (place: Place) =>
  queryOptions({ queryKey: keys.place(place, "scaling"), queryFn: ({ signal }) => client.getScaling(place, { signal }) });
export const releasesQuery = (place: Place) =>
  queryOptions({ queryKey: keys.place(place, "releases"), queryFn: ({ signal }) => client.listReleases(place, { signal }) });
/** What copies got is counted in the cluster: it is asked for again while somebody looks. */
export const mirrorQuery = (place: Place) =>
  queryOptions({
    queryKey: keys.place(place, "mirror"),
    queryFn: ({ signal }) => client.mirrorReport(place, { signal }),
    refetchInterval: 5000,
  });
export const recentOperationsQuery = queryOptions({
  queryKey: [...keys.operations, "found"],
  queryFn: async ({ signal }) => (await client.listOperations({ limit: 100 }, { signal })).items,
});
/** What the next version would be given, and the layer that each value comes from. */
export const placeConfigurationQuery = (place: Place) =>
  queryOptions({ queryKey: keys.place(place, "configuration"), queryFn: ({ signal }) => client.getConfiguration(place, { signal }) });
/** What one layer above the apps states: the platform's without a team, a team's without an environment. */
export const layerQuery = (layer: LayerAddress) =>
  queryOptions({
    queryKey: [...keys.teams, "layer", layer.team ?? "", layer.env ?? ""],
    queryFn: ({ signal }) => client.getLayer(layer, { signal }),
  });

/** Several by their ids, as they are now; read again when one of them changes. */
export const theseOperationsQuery = (ids: readonly string[]) =>
  queryOptions({
    queryKey: [...keys.operations, "these", ids],
    queryFn: ({ signal }) => Promise.all(ids.map((id) => client.getOperation(id, { signal }))),
  });

/** What a list of operations is narrowed to. */
export interface OperationFilter {
  app?: string | undefined;
  environment?: string | undefined;
  state?: Operation["state"] | undefined;
  by?: string | undefined;
  /** The rollout that they are parts of. */
  partOf?: string | undefined;
}

/** Newest first, page by page. */
export const pagedOperationsQuery = (filter: OperationFilter) =>
  infiniteQueryOptions({
    queryKey: [...keys.operations, "pages", filter],
    queryFn: ({ pageParam, signal }) =>
      client.listOperations({ ...filter, limit: 50, ...(pageParam === null ? {} : { cursor: pageParam }) }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });

/** All apps' operations when `app` is absent; newest first. */
export const operationsQuery = (query: { app?: string; environment?: string; limit: number }) =>
  queryOptions({
    queryKey: [...keys.operations, query],
    queryFn: async ({ signal }) => (await client.listOperations(query, { signal })).items,
  });

/** What happens now, anywhere, and so far back as failures are looked for. */
export const nowQuery = operationsQuery({ limit: 100 });
/** What people come back to an app for first; the rest is one click away. */
export const latestOperationsQuery = ({ app, env }: Place) => operationsQuery({ app, environment: env, limit: 5 });

export const operationQuery = (id: string) =>
  queryOptions({ queryKey: keys.operation(id), queryFn: ({ signal }): Promise<Operation> => client.getOperation(id, { signal }) });
