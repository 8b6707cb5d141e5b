import { serverSentEvents } from "./streams.ts";
import { ApiError, unreachable, type Send } from "./transport.ts";

export interface FollowOptions {
  send: Send;
  path: string;
  /** Asked for each connection. */
  query?: () => Record<string, number>;
  signal: AbortSignal | undefined;
  /** Before the events of each connection. */
  onConnect?: () => void;
  delay: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** A restart of the platform takes seconds; after this many failures in a row (about a minute) it is not coming back by itself. */
const ATTEMPTS = 20;
const FIRST_DELAY = 100;
const LONGEST_DELAY = 4000;

/**
 * The events of a server-sent stream, connected again whenever it breaks; ends only when the consumer stops.
 * Throws the ApiError of a refusal, or `unreachable` after ATTEMPTS failures in a row; the signal's reason when it is aborted.
 */
export async function* follow(options: FollowOptions): AsyncGenerator {
  let failures = 0;
  for (;;) {
    try {
      const headers = { accept: "text/event-stream" };
      const response = await options.send("GET", options.path, { headers, query: options.query?.(), signal: options.signal });
      options.onConnect?.();
      if (!response.body) throw unreachable("", new Error("the answer has no body"));
      for await (const event of serverSentEvents(response.body)) {
        failures = 0;
        yield JSON.parse(event.data) as unknown;
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof ApiError && !error.transient) throw error;
      if (failures + 1 >= ATTEMPTS) throw error instanceof ApiError ? error : unreachable("", error);
    }
    failures += 1;
    await options.delay(Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - 1)), options.signal);
  }
}
