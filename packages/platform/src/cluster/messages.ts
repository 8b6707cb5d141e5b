import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Duplex } from "node:stream";
import type { IncomingMessage } from "node:http";
import { createWebSocketStream, WebSocket, type ClientOptions } from "ws";
import { refusalOf } from "./refusal.ts";

const PROTOCOL = "v5.channel.k8s.io";
const HANDSHAKE_TIMEOUT = 15_000;
const LARGEST_MESSAGE = 4 * 1024 * 1024;

/** A WebSocket to a Kubernetes API as a stream of messages. Throws what the API refuses as StatusError; anything else is a failure to reach it. */
export async function openMessages(url: URL, options: ClientOptions): Promise<Duplex> {
  const socket = new WebSocket(url.href.replace(/^http/, "ws"), [PROTOCOL], {
    ...options,
    handshakeTimeout: HANDSHAKE_TIMEOUT,
    maxPayload: LARGEST_MESSAGE,
    perMessageDeflate: false,
  });
  // At once: messages may come with the answer to the handshake.
  const messages = createWebSocketStream(socket, { readableObjectMode: true });
  messages.on("error", () => undefined);
  const refused = new Promise<never>((_, reject) =>
    socket.once("unexpected-response", (_request, response: IncomingMessage) => {
      void text(response).then(
        (body) => reject(refusalOf(response.statusCode ?? 0, body)),
        (error: Error) => reject(error),
      );
    }),
  );
  await Promise.race([once(socket, "open"), refused]);
  return messages;
}
