import type { MemberRole, Place } from "@ebb/api";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { client } from "./connection.ts";
import { meQuery } from "./people-queries.ts";
import { appQuery, keys } from "./queries.ts";

export const ROLES: readonly MemberRole[] = ["viewer", "developer", "releaser", "admin"];

export const environmentsQuery = (team: string) =>
  queryOptions({ queryKey: [...keys.teams, team, "environments"], queryFn: ({ signal }) => client.listEnvironments(team, { signal }) });
export const environmentQuery = (team: string, env: string) =>
  queryOptions({
    queryKey: [...keys.teams, team, "environments", env],
    queryFn: ({ signal }) => client.getEnvironment(team, env, { signal }),
  });
export const quotaQuery = (team: string) =>
  queryOptions({ queryKey: [...keys.teams, team, "quota"], queryFn: ({ signal }) => client.getQuota(team, { signal }) });
export const membersQuery = (team: string) =>
  queryOptions({ queryKey: [...keys.teams, team, "members"], queryFn: () => client.listMembers(team) });
export const usersQuery = queryOptions({ queryKey: ["users"], queryFn: () => client.listUsers() });

interface Rights {
  /** Whether it is known who reads. */
  known: boolean;
  platformAdmin: boolean;
  admin: boolean;
  /** Whether the reader's role in the team is at least this one. */
  may: (least: MemberRole) => boolean;
}

/** What the reader may do: forms that they cannot send are not offered, or say whose they are. The platform decides in any case. */
export function useRights(team: string): Rights {
  const me = useQuery(meQuery).data;
  const platformAdmin = me?.platformAdmin === true && me.scope === "admin";
  const role = me?.teams.find((one) => one.team === team)?.role;
  const may = (least: MemberRole) => platformAdmin || (role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(least));
  return { known: me !== undefined, platformAdmin, admin: may("admin"), may };
}

interface PlaceRights {
  /** Whether all of this is. */
  known: boolean;
  /** Empty until it is known. */
  team: string;
  deployRole: MemberRole;
  releaseRole: MemberRole;
  mayDeploy: boolean;
  mayRelease: boolean;
}

/** Who may deploy and release where an app is, and whether the reader is among them: yes until that is known. */
export function usePlaceRights({ app, env }: Place): PlaceRights {
  const team = useQuery(appQuery(app)).data?.team ?? "";
  const environment = useQuery({ ...environmentQuery(team, env), enabled: team !== "" }).data;
  const { known, may } = useRights(team);
  const { deployRole = "developer", releaseRole = "releaser" } = environment ?? {};
  return {
    known: known && environment !== undefined,
    team,
    deployRole,
    releaseRole,
    mayDeploy: !environment || may(deployRole),
    mayRelease: !environment || may(releaseRole),
  };
}
