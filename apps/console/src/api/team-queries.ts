import type { MemberRole } from "@ebb/api";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { client } from "./connection.ts";
import { meQuery } from "./people-queries.ts";
import { keys } from "./queries.ts";

export const ROLES: readonly MemberRole[] = ["viewer", "developer", "releaser", "admin"];

export const environmentsQuery = (team: string) =>
  queryOptions({ queryKey: [...keys.teams, team, "environments"], queryFn: ({ signal }) => client.listEnvironments(team, { signal }) });
export const environmentQuery = (team: string, env: string) =>
  queryOptions({
    queryKey: [...keys.teams, team, "environments", env],
    queryFn: ({ signal }) => client.getEnvironment(team, env, { signal }),
  });
export const membersQuery = (team: string) =>
  queryOptions({ queryKey: [...keys.teams, team, "members"], queryFn: () => client.listMembers(team) });
export const usersQuery = queryOptions({ queryKey: ["users"], queryFn: () => client.listUsers() });

/** What the reader may do: forms that they cannot send are not offered, or say whose they are. The platform decides in any case. */
export function useRights(team: string): { platformAdmin: boolean; admin: boolean } {
  const me = useQuery(meQuery).data;
  const platformAdmin = me?.platformAdmin === true && me.scope === "admin";
  const role = me?.teams.find((one) => one.team === team)?.role;
  return { platformAdmin, admin: platformAdmin || role === "admin" };
}
