import { createClient } from "@ebb/api/client";
import { useSyncExternalStore } from "react";
import { overrideHeaders } from "./freeze-override.ts";

/**
 * What the browser knows about the platform, from the answers it gets: `signed-out` after an answer that there is no session, `unreachable` while nothing answers.
 * Every request passes through here, so no page needs to look for either by itself.
 */
export type Connection = "open" | "unreachable" | "signed-out";

/** What the sign-in page asks: an answer does not mean that there is a session. */
const ASKED_SIGNED_OUT = /\/session\/(ways|invite)$/;

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
    response = await fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), ...overrideHeaders(init.method) } });
  } catch (error) {
    if (init.signal?.aborted !== true) set("unreachable");
    throw error;
  }
  if (response.status === 401) {
    // A wrong password or an old code is a 401 too, and says nothing of the session.
    const { code } = (await response
      .clone()
      .json()
      .catch(() => ({}))) as { code?: string };
    if (code === "unauthenticated") set("signed-out");
  } else if (!ASKED_SIGNED_OUT.test(url) && (response.ok || connection !== "signed-out")) set("open");
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
