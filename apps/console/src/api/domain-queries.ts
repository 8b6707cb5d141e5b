import type { Domain, Place } from "@ebb/api";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { client } from "./connection.ts";
import { meQuery } from "./people-queries.ts";
import { keys, placeQuery } from "./queries.ts";
import { environmentQuery, ROLES } from "./team-queries.ts";

const SOON = 3000;
const LATER = 60_000;

/** What a domain waits for is no event: it is asked for again, often while one waits. */
export const domainsQuery = (place: Place) =>
  queryOptions({
    queryKey: keys.place(place, "domains"),
    queryFn: ({ signal }) => client.listDomains(place, { signal }),
    refetchInterval: ({ state }) => ((state.data ?? []).every(isSettled) ? LATER : SOON),
  });

function isSettled({ state, problem }: Domain): boolean {
  return state === "live" && problem === null;
}

/** Whether the reader may release there, who decides about domains; undefined until it is known. The platform decides in any case. */
export function useMayRelease(place: Place): boolean | undefined {
  const here = useQuery(placeQuery(place)).data;
  const me = useQuery(meQuery).data;
  const environment = useQuery({ ...environmentQuery(here?.team ?? "", place.env), enabled: here !== undefined }).data;
  if (!here || !me || !environment) return undefined;
  if (me.platformAdmin && me.scope === "admin") return true;
  const role = me.teams.find(({ team }) => team === here.team)?.role;
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(environment.releaseRole);
}
