import type { ChangeEvent } from "@ebb/api";
import { useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { client } from "./connection.ts";
import { gather } from "./gather.ts";
import { keys } from "./queries.ts";
import { useVisible } from "./visible.ts";

/** A deploy changes an app a dozen times a second; people read slower than that, and each change costs a few requests. */
const GATHER = 250;
/**
 * What a page has just read is read again only when it has been drawn and used for a moment: a change between the answer and the connection
 * would be missed otherwise, which is rare, and reading all of it twice at once keeps a cold page from being usable.
 */
const SETTLE = 4000;
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
  const opened = useRef(false);
  useEffect(() => {
    if (!enabled || !visible) return undefined;
    const abort = new AbortController();
    const onFirst = () => {
      opened.current = true;
      settle(queryClient, abort.signal);
    };
    void listen(queryClient, abort.signal, opened.current ? undefined : onFirst);
    return () => abort.abort();
  }, [enabled, visible, queryClient]);
}

/** Reads again, a while later, what has been asked by now. */
function settle(queryClient: QueryClient, signal: AbortSignal): void {
  const asked = new Set(
    queryClient
      .getQueryCache()
      .getAll()
      .map(({ queryHash }) => queryHash),
  );
  const again = () => void queryClient.invalidateQueries({ predicate: ({ queryHash }) => asked.has(queryHash) });
  const timer = setTimeout(again, SETTLE);
  // Whoever comes back to the page reads it all anew.
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

/** `onFirst`: in place of reading everything again at the first event. */
async function listen(queryClient: QueryClient, signal: AbortSignal, onFirst: (() => void) | undefined): Promise<void> {
  let first = onFirst;
  const readAgain = gather((queryKey: QueryKey) => queryClient.invalidateQueries({ queryKey }), GATHER);
  while (!signal.aborted) {
    try {
      for await (const event of client.changes({ signal })) {
        if (first !== undefined) {
          first();
          first = undefined;
          continue;
        }
        for (const key of staleKeys(event)) readAgain(key);
      }
    } catch {
      // Refused or not answered for long: connection.ts has noted which, and the page says so.
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}
