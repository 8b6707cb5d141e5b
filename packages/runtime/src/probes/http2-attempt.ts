import { connect, type ClientHttp2Stream, type OutgoingHttpHeaders } from "node:http2";
import type { Address } from "../port.ts";
import { ProbeFailure } from "./probe-error.ts";

/** Ends the attempt, well without an error. */
type Finish = (error?: unknown) => void;

/** One request over a connection of its own, with prior knowledge; `listen` says how it ends. Throws what it ends with, or what the connection throws. */
export function attemptHttp2(
  { host, port }: Address,
  headers: OutgoingHttpHeaders,
  signal: AbortSignal,
  listen: (stream: ClientHttp2Stream, finish: Finish) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${host}:${port}`);
    const finish: Finish = (error) => {
      session.destroy();
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new ProbeFailure("aborted"));
    };
    session.once("error", finish);
    signal.addEventListener("abort", () => finish(signal.reason), { once: true });
    const stream = session.request(headers);
    stream.once("error", finish);
    listen(stream, finish);
    stream.once("close", () => finish(new ProbeFailure("the stream was closed without an answer")));
  });
}
