import type { ChangeEvent } from "@ebb/api";
import { useQueryClient, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { useEffect } from "react";
import { client } from "./connection.ts";
import { gather } from "./gather.ts";
import { keys } from "./queries.ts";
import { useVisible } from "./visible.ts";

/** A deploy changes an app a dozen times a second; people read slower than that, and each change costs a few requests. */
const GATHER = 250;
/**
 * Milliseconds after which a page that comes is told what has changed before it listened: reading it again meanwhile would keep it from being
 * usable.
 */
const SETTLE = 3000;
/** What comes so soon after the beginning of a connection was there before it. */
const AT_ONCE = 400;
/** Milliseconds that a question may take longer on its way to the platform than those before it. */
const ON_ITS_WAY = 5000;
/** `follow` in the client gives up after about a minute without an answer; a page left open overnight should still come back. */
const AGAIN = 10_000;

/** What has to be read again after a change. An empty app: anything may have changed (a connection's first event, where the platform does not know). */
export function staleKeys({ type, app }: ChangeEvent): QueryKey[] {
  if (app === "") return [[]];
  if (type === "operation") return [keys.operations, keys.apps, keys.app(app)];
  return [keys.apps, keys.status, keys.app(app)];
}

/** So long ago, in milliseconds, was a moment: whichever clock has it longer, as one may have been set back and the other stands in a machine that sleeps. */
function stopwatch(): () => number {
  const date = Date.now();
  const steady = performance.now();
  return () => Math.max(0, Date.now() - date, performance.now() - steady);
}

/** Since when what is on the page is certain to be so: the page's beginning, then the last that the platform told. */
let sinceSure = stopwatch();

/**
 * Keeps every query fresh from `GET /events` while the page is visible. Hidden pages let go of the connection: browsers allow six to one
 * origin over HTTP/1.1, and a dozen open tabs must not lock the thirteenth out. Each connection begins with what has changed meanwhile.
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
  const invalidate = (queryKey: QueryKey) => queryClient.invalidateQueries({ queryKey });
  const [soon, later] = [gather(invalidate, GATHER), gather(invalidate, SETTLE)];
  while (!signal.aborted) {
    try {
      let connected = stopwatch();
      const ago = () => {
        connected = stopwatch();
        return sinceSure() + ON_ITS_WAY;
      };
      for await (const event of client.changes({ signal, ago })) {
        // At first it is told what has changed meanwhile, of which more may be on its way.
        if (connected() > ON_ITS_WAY) sinceSure = stopwatch();
        const readAgain = performance.now() < SETTLE && connected() < AT_ONCE ? later : soon;
        for (const key of staleKeys(event)) readAgain(key);
      }
    } catch {
      // Refused or not answered for long: connection.ts has noted which, and the page says so.
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}
