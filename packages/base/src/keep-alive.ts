import type { Clock } from "./clock.ts";

/** How often the other end is asked, and so long it has to answer, milliseconds; proxies close what is silent for a minute. */
const HEARTBEAT = 30_000;

/** What is used of a WebSocket (the `ws` package's). */
export interface Pingable {
  readonly isPaused: boolean;
  on(event: "pong", listener: () => void): unknown;
  once(event: "close", listener: () => void): unknown;
  ping(): void;
  terminate(): void;
}

/** Ends a WebSocket whose other end answers no more. */
export function keepAlive(socket: Pingable, clock: Pick<Clock, "every">): void {
  let answered = true;
  socket.on("pong", () => (answered = true));
  const heartbeat = clock.every(HEARTBEAT, () => {
    // What is not read because of us cannot hold an answer.
    if (!answered && !socket.isPaused) return socket.terminate();
    answered = false;
    socket.ping();
  });
  socket.once("close", () => heartbeat.cancel());
}
