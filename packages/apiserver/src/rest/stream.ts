import type { ServerResponse } from "node:http";

/** Writes and, when the client reads slower than we write, waits for it; false once the client is gone. */
export async function writeAll(response: ServerResponse, chunk: string | Uint8Array, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted || response.destroyed) return false;
  if (response.write(chunk)) return true;
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => resolve();
  response.once("drain", done);
  response.once("close", done);
  signal.addEventListener("abort", done, { once: true });
  await promise;
  response.off("drain", done);
  response.off("close", done);
  signal.removeEventListener("abort", done);
  return !signal.aborted && !response.destroyed;
}
