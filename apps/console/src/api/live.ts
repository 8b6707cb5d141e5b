import type { ChangeEvent } from "@ebb/api";
import { useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { useEffect } from "react";
import { client } from "./connection.ts";
import { keys } from "./queries.ts";
import { useVisible } from "./visible.ts";

/** A deploy changes an app a dozen times a second; people read slower than that, and each change costs a few requests. */
const GATHER = 250;
/** `follow` in the client gives up after about a minute without an answer; a page left open overnight should still come back. */
const AGAIN = 10_000;

/** What has to be read again after a change. An empty app: anything may have changed (first event of each connection). */
export function staleKeys({ type, app }: ChangeEvent): QueryKey[] {
  if (app === "") return [[]];
  if (type === "operation") return [keys.operations, keys.apps, keys.app(app)];
  return [keys.apps, keys.status, keys.app(app)];
}

/**
 * Keeps every query fresh from `GET /events` while the page is visible. Hidden pages let go of the connection: browsers allow six to one
 * origin over HTTP/1.1, and a dozen open tabs must not lock the thirteenth out. The first event after coming back refreshes everything.
 */
export function useLiveUpdates(enabled: boolean): void {
  const queryClient = useQueryClient();
  const visible = useVisible();
  useEffect(() => {
    if (!enabled || !visible) return undefined;
    const abort = new AbortController();
    void listen(queryClient, abort.signal);
    return () => abort.abort();
  }, [enabled, visible, queryClient]);
}

async function listen(queryClient: QueryClient, signal: AbortSignal): Promise<void> {
  const gathered = new Map<string, QueryKey>();
  const flush = () => {
    for (const queryKey of gathered.values()) void queryClient.invalidateQueries({ queryKey });
    gathered.clear();
  };
  while (!signal.aborted) {
    try {
      for await (const event of client.changes({ signal })) {
        if (gathered.size === 0) setTimeout(flush, GATHER);
        for (const key of staleKeys(event)) gathered.set(JSON.stringify(key), key);
      }
    } catch {
      // Refused or not answered for long: connection.ts has noted which, and the page says so.
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}
