import { queryOptions } from "@tanstack/react-query";
import { client } from "./connection.ts";
import { keys } from "./queries.ts";

/** What a team reads repositories with. */
export const gitCredentialsQuery = (team: string) =>
  queryOptions({
    queryKey: [...keys.teams, team, "git-credentials"],
    queryFn: ({ signal }) => client.listGitCredentials(team, { signal }),
  });

/** Which Git servers the platform speaks to: for its administrators. */
export const gitSettingsQuery = queryOptions({
  queryKey: [...keys.status, "git"],
  queryFn: ({ signal }) => client.getGitSettings({ signal }),
});
