import type { Place } from "@ebb/api";
import { queryOptions } from "@tanstack/react-query";
import { client } from "./connection.ts";
import { OVERS, type QuestionSearch } from "./question.ts";
import { keys } from "./queries.ts";

export const whatIfKey = (place: Place) => ["what-if", place] as const;

/** Replayed when somebody asks, and not when something changes in the app: it takes the cluster a while. Settings that were applied make it another. */
export const whatIfQuery = (place: Place, { over = "1h", strategies, ...rest }: QuestionSearch, revision: string) =>
  queryOptions({
    queryKey: [...whatIfKey(place), over, strategies, rest, revision],
    queryFn: ({ signal }) => {
      const since = new Date(Date.now() - OVERS[over] * 1000).toISOString();
      const asked = { ...rest, since, ...(strategies === undefined ? {} : { strategies: JSON.stringify(strategies) }) };
      return client.whatIf(place, asked, { signal });
    },
    staleTime: Infinity,
  });

/** Whether the cluster's autoscaler is Ebb's, which follows what is set and tells what it decides. */
export const scaledByEbbQuery = (place: Place) =>
  queryOptions({
    queryKey: [...keys.place(place, "decisions"), "recorded"],
    queryFn: async ({ signal }) => (await client.decisions(place, { limit: 1, signal })).recorded,
    staleTime: Infinity,
  });
