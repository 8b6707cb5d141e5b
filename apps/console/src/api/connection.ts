import { createClient } from "@ebb/api/client";
import { useSyncExternalStore } from "react";

/**
 * What the browser knows about the platform, from the answers it gets: `signed-out` after a 401, `unreachable` while nothing answers.
 * Every request passes through here, so no page needs to look for either by itself.
 */
export type Connection = "open" | "unreachable" | "signed-out";

let connection: Connection = "open";
const listeners = new Set<() => void>();

function set(next: Connection): void {
  if (connection === next) return;
  connection = next;
  for (const listener of listeners) listener();
}

async function observedFetch(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted !== true) set("unreachable");
    throw error;
  }
  set(response.status === 401 ? "signed-out" : "open");
  return response;
}

/** The platform that served this page, with the session's cookie. */
export const client = createClient({ baseUrl: "", fetch: observedFetch });

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => connection);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
