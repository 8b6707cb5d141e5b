import { useInfiniteQuery } from "@tanstack/react-query";
import Button from "antd/es/button";
import { pagedOperationsQuery, type OperationFilter } from "../api/queries.ts";
import { useText } from "../i18n/language.tsx";
import { Loaded } from "./loaded.tsx";
import { OperationList } from "./operation-list.tsx";
import { Blank } from "./page.tsx";

/** Operations, newest first; older ones on demand. `otherwise`: what stands where there is none. */
export function PagedOperations({ filter, otherwise }: { filter: OperationFilter; otherwise: string }) {
  const text = useText();
  const query = useInfiniteQuery(pagedOperationsQuery(filter));
  return (
    <Loaded query={query} rows={8}>
      {({ pages }) => {
        const operations = pages.flatMap(({ items }) => items);
        if (operations.length === 0) return <Blank>{otherwise}</Blank>;
        return (
          <>
            <OperationList operations={operations} withApp={filter.environment === undefined} />
            {query.hasNextPage && (
              <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {text.operations.more}
              </Button>
            )}
          </>
        );
      }}
    </Loaded>
  );
}
