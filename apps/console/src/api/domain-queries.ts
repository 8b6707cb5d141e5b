import type { Domain, Place } from "@ebb/api";
import { queryOptions } from "@tanstack/react-query";
import { client } from "./connection.ts";
import { keys } from "./queries.ts";

const SOON = 3000;
const LATER = 60_000;

/** What a domain waits for is no event: it is asked for again, often while one waits. */
export const domainsQuery = (place: Place) =>
  queryOptions({
    queryKey: keys.place(place, "domains"),
    queryFn: ({ signal }) => client.listDomains(place, { signal }),
    refetchInterval: ({ state }) => ((state.data ?? []).every(isSettled) ? LATER : SOON),
  });

/** All that the reader may see. */
export const allDomainsQuery = queryOptions({ queryKey: ["domains"], queryFn: ({ signal }) => client.listAllDomains({ signal }) });

function isSettled({ state, problem }: Domain): boolean {
  return state === "live" && problem === null;
}
