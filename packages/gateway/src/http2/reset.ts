import { constants, type Http2Stream } from "node:http2";

/**
 * Breaks a stream off so that the peer sees a reset. Node's `close(code)` first ends what is being written, and the peer would take half
 * a body for a whole one; `destroy` does not.
 */
export function resetStream(stream: Http2Stream): void {
  if (stream.destroyed) return;
  if (stream.writableEnded) stream.close(constants.NGHTTP2_CANCEL);
  else stream.destroy(new Error("broken off"));
}
