import type { HappeningKind } from "./happening-kinds.ts";
import type { Happening } from "./happenings.ts";
import { placePath, type CallOptions, type Place } from "./place-client.ts";
import type { Send } from "./transport.ts";

interface HappeningsQuery {
  kinds?: readonly HappeningKind[] | undefined;
  /** RFC 3339: only what came before. */
  before?: string | undefined;
  limit?: number | undefined;
}

/** What happened to an app in an environment. */
export function happeningCalls(send: Send) {
  return {
    /** Newest first. */
    async happenings(place: Place, { signal, kinds = [], ...query }: HappeningsQuery & CallOptions = {}): Promise<Happening[]> {
      const narrowed = { ...query, ...(kinds.length === 0 ? {} : { kinds: kinds.join(",") }) };
      const answer = await send("GET", placePath(place, "/happenings"), { query: narrowed, signal });
      return ((await answer.json()) as { items: Happening[] }).items;
    },
  };
}
