import { QueryClient, type FetchQueryOptions, type QueryKey } from "@tanstack/react-query";
import { ApiError } from "@ebb/api/client";
import { openedWith } from "./session.ts";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Freshness comes from the platform's events (api/live.ts), not from time.
      staleTime: 60_000,
      retry: (failures, error) => error instanceof ApiError && error.transient && failures < 3,
      // A platform without an answer is asked again until it has one, also where nothing is shown yet.
      refetchInterval: (query) =>
        query.state.status === "error" && query.state.error instanceof ApiError && query.state.error.transient ? 5_000 : false,
    },
  },
});

/**
 * Asks what a page will show while the page's script is still on its way; what fails shows where the page asks itself. Whoever comes with an
 * invitation has no session yet, and sees no page.
 */
export function early<Data, Failure, Key extends QueryKey>(query: FetchQueryOptions<Data, Failure, Data, Key>): void {
  if (openedWith().invite === null) void queryClient.prefetchQuery(query);
}
