import { ApiError } from "@ebb/api/client";
import type { Operation } from "@ebb/api";
import { useEffect, useReducer } from "react";
import { client } from "./connection.ts";

export interface LogLine {
  id: number;
  time: string;
  text: string;
}

export interface OperationFeed {
  /** Null until the first event. */
  operation: Operation | null;
  lines: LogLine[];
  /** Earlier lines that are no longer kept. */
  dropped: number;
  error: ApiError | null;
}

type Step = { reset: true } | { operation: Operation } | { lines: LogLine[] } | { error: ApiError };

/** Build logs longer than this keep their end: that is where a failure is explained. */
const KEPT_LINES = 10_000;
const nothing: OperationFeed = { operation: null, lines: [], dropped: 0, error: null };

function reduce(feed: OperationFeed, step: Step): OperationFeed {
  if ("reset" in step) return nothing;
  if ("operation" in step) return { ...feed, operation: step.operation };
  if ("error" in step) return { ...feed, error: step.error };
  const all = [...feed.lines, ...step.lines];
  const over = Math.max(0, all.length - KEPT_LINES);
  return { ...feed, lines: over === 0 ? all : all.slice(over), dropped: feed.dropped + over };
}

/** Follows one operation from its beginning to its terminal state: phases and log as they happen. Null follows nothing. */
export function useOperation(id: string | null): OperationFeed {
  const [feed, dispatch] = useReducer(reduce, nothing);
  useEffect(() => {
    dispatch({ reset: true });
    if (id === null) return undefined;
    const abort = new AbortController();
    void follow(id, abort.signal, dispatch);
    return () => abort.abort();
  }, [id]);
  return feed;
}

async function follow(id: string, signal: AbortSignal, dispatch: (step: Step) => void): Promise<void> {
  let count = 0;
  let waiting: LogLine[] = [];
  // Lines are shown once a frame at most: a chatty build sends thousands a second.
  const flush = () => {
    if (waiting.length > 0 && !signal.aborted) dispatch({ lines: waiting });
    waiting = [];
  };
  try {
    for await (const event of client.operationEvents(id, { signal })) {
      if (event.type === "operation") dispatch({ operation: event.operation });
      else {
        if (waiting.length === 0) requestAnimationFrame(flush);
        waiting.push({ id: count++, time: event.time, text: event.line });
      }
    }
  } catch (error) {
    if (!signal.aborted && error instanceof ApiError) dispatch({ error });
  }
  flush();
}
