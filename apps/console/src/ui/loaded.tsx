import type { UseQueryResult } from "@tanstack/react-query";
import Skeleton from "antd/es/skeleton";
import type { ReactNode } from "react";
import { useText } from "../i18n/language.tsx";
import { ProblemNote } from "./problem.tsx";

/**
 * The states of everything that is fetched: a skeleton until there is an answer, the failure with a way to try again when there is none,
 * and the content, with the failure above it when it could not be refreshed.
 */
export function Loaded<T>({ query, rows = 4, children }: { query: UseQueryResult<T>; rows?: number; children: (data: T) => ReactNode }) {
  const text = useText();
  const retry = () => void query.refetch();
  if (query.data === undefined) {
    if (query.isError) return <ProblemNote error={query.error} retry={retry} />;
    return (
      <div role="status" aria-label={text.common.loading}>
        <Skeleton active title={false} paragraph={{ rows }} />
      </div>
    );
  }
  return (
    <>
      {query.isError && <ProblemNote error={query.error} retry={retry} />}
      {children(query.data)}
    </>
  );
}
