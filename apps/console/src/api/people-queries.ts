import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client } from "./connection.ts";
import { keys } from "./queries.ts";

export const meQuery = queryOptions({ queryKey: ["me"], queryFn: () => client.me() });
export const tokensQuery = queryOptions({ queryKey: ["tokens"], queryFn: () => client.listTokens() });
export const sessionsQuery = queryOptions({ queryKey: ["sessions"], queryFn: () => client.listSessions() });

/** Newest first; `all`: also those that were decided. */
export const approvalsQuery = (all: boolean) =>
  queryOptions({ queryKey: [...keys.operations, "approvals", all], queryFn: () => client.listApprovals(all) });

export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  object?: string | undefined;
}
/** Newest first, page by page. */
export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam }) => client.audit({ ...filter, limit: 100, ...(pageParam === null ? {} : { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });
