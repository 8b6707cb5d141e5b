import { queryOptions } from "@tanstack/react-query";
import { client } from "./connection.ts";
import { keys } from "./queries.ts";

/** How clusters are is no event: it is asked for again while somebody looks. */
export const clustersQuery = queryOptions({
  queryKey: [...keys.status, "clusters"],
  queryFn: ({ signal }) => client.listClusters({ signal }),
  refetchInterval: 10_000,
});
