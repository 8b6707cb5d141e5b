import type { UseQueryResult } from "@tanstack/react-query";
import Skeleton from "antd/es/skeleton";
import type { ReactNode } from "react";
import { useText } from "../i18n/language.tsx";
import { Page } from "./page.tsx";
import { ProblemNote } from "./problem.tsx";

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  rows?: number;
  /** Where all of a page is fetched: its heading until then, and when it cannot be had. */
  title?: string;
  children: (data: T) => ReactNode;
}

/**
 * The states of everything that is fetched: a skeleton until there is an answer, the failure with a way to try again when there is none,
 * and the content, with the failure above it when it could not be refreshed.
 */
export function Loaded<T>({ query, rows = 4, title, children }: LoadedProps<T>) {
  const text = useText();
  const retry = () => void query.refetch();
  if (query.data === undefined) {
    const state = query.isError ? (
      <ProblemNote error={query.error} retry={retry} />
    ) : (
      <div role="status" aria-label={text.common.loading}>
        <Skeleton active title={false} paragraph={{ rows }} />
      </div>
    );
    return title === undefined ? state : <Page title={title}>{state}</Page>;
  }
  return (
    <>
      {query.isError && <ProblemNote error={query.error} retry={retry} />}
      {children(query.data)}
    </>
  );
}
