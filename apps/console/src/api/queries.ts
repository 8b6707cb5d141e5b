import type { Operation } from "@ebb/api";
import { queryOptions } from "@tanstack/react-query";
import { client } from "./connection.ts";

/** Keys start with what a ChangeEvent names, so that live.ts can invalidate by prefix. */
export const keys = {
  status: ["status"] as const,
  apps: ["apps"] as const,
  app: (name: string) => ["app", name] as const,
  operations: ["operations"] as const,
  operation: (id: string) => ["operation", id] as const,
};

export const statusQuery = queryOptions({ queryKey: keys.status, queryFn: ({ signal }) => client.status({ signal }) });

export const appsQuery = queryOptions({ queryKey: keys.apps, queryFn: ({ signal }) => client.listApps({ signal }) });

export const appQuery = (name: string) =>
  queryOptions({ queryKey: [...keys.app(name), "summary"], queryFn: ({ signal }) => client.getApp(name, { signal }) });

export const versionsQuery = (name: string) =>
  queryOptions({ queryKey: [...keys.app(name), "versions"], queryFn: ({ signal }) => client.listVersions(name, { signal }) });

export const instancesQuery = (name: string) =>
  queryOptions({ queryKey: [...keys.app(name), "instances"], queryFn: ({ signal }) => client.listInstances(name, { signal }) });

/** The autoscaler's decisions are no event of their own: they are asked for again while somebody looks. */
export const decisionsQuery = (name: string) =>
  queryOptions({
    queryKey: [...keys.app(name), "decisions"],
    queryFn: ({ signal }) => client.decisions(name, { limit: 200, signal }),
    refetchInterval: 4000,
  });

export const envQuery = (name: string) =>
  queryOptions({ queryKey: [...keys.app(name), "env"], queryFn: ({ signal }) => client.getEnv(name, { signal }) });

export const secretsQuery = (name: string) =>
  queryOptions({ queryKey: [...keys.app(name), "secrets"], queryFn: ({ signal }) => client.listSecrets(name, { signal }) });

/** All apps' operations when `app` is absent; newest first. */
export const operationsQuery = (query: { app?: string; limit: number }) =>
  queryOptions({ queryKey: [...keys.operations, query], queryFn: ({ signal }) => client.listOperations(query, { signal }) });

export const operationQuery = (id: string) =>
  queryOptions({ queryKey: keys.operation(id), queryFn: ({ signal }): Promise<Operation> => client.getOperation(id, { signal }) });
