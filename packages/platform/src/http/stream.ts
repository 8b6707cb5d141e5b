import type { Clock } from "@ebb/base";
import type { FastifyReply } from "fastify";

/** Proxies close a connection that is silent for a minute. */
const HEARTBEAT_PERIOD = 15_000;

/** The signal of a client that went away, or of the server stopping, whichever is first. */
export function clientGone(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return AbortSignal.any([gone.signal, stopping]);
}

export interface StreamOptions {
  source: AsyncIterable<unknown>;
  kind: "events" | "ndjson";
  clock: Clock;
  signal: AbortSignal;
}

/**
 * Writes each value as a server-sent event or a line, no faster than the client reads: the source is asked for the next one when the socket
 * has taken this one. Ends the answer when the source ends or the signal is aborted.
 */
export async function sendStream(reply: FastifyReply, { source, kind, clock, signal }: StreamOptions): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    "x-content-type-options": "nosniff",
    "content-type": kind === "events" ? "text/event-stream" : "application/x-ndjson",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  raw.flushHeaders();
  const heartbeat = kind === "events" ? clock.every(HEARTBEAT_PERIOD, () => raw.write(":\n\n")) : undefined;
  const drained = () =>
    new Promise<void>((resolve) => {
      if (signal.aborted) return resolve();
      raw.once("drain", resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  try {
    for await (const value of source) {
      if (signal.aborted) break;
      const json = JSON.stringify(value);
      if (!raw.write(kind === "events" ? `data: ${json}\n\n` : `${json}\n`)) await drained();
    }
  } catch (error) {
    // The head is sent: all that can be said now is that the stream ends. A client that went away ends here too.
    if (!signal.aborted) raw.destroy(error instanceof Error ? error : undefined);
  } finally {
    heartbeat?.cancel();
    raw.end();
  }
}
