import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { onTestFinished } from "vitest";

/** An instance on a port of its own; WebSockets are sent back what they send. Ends with the test. */
export async function startOrigin(listener: RequestListener, upgraded: (socket: Duplex) => void = () => undefined): Promise<number> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  server.on("upgrade", (request, socket) => {
    const proof = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.on("error", () => undefined);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${proof}\r\n\r\n`);
    socket.pipe(socket);
    upgraded(socket);
  });
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** By the path, whatever an instance may do wrong. */
export const misbehave: RequestListener = (request, response) => {
  const { socket } = request;
  switch (request.url) {
    case "/cut":
      response.write("some");
      return void setImmediate(() => response.destroy());
    case "/short":
      response.writeHead(200, { "content-length": 1000 }).write("some");
      return void setImmediate(() => response.destroy());
    case "/reset":
      return socket.resetAndDestroy();
    case "/garbage":
      return void socket.end("SSH-2.0-OpenSSH\r\n");
    case "/headers":
      return endless(socket, "HTTP/1.1 200 OK\r\n", () => `X-${"a".repeat(20)}: ${"b".repeat(1000)}\r\n`);
    case "/header":
      return endless(socket, "HTTP/1.1 200 OK\r\nX-A: ", () => "b".repeat(1000));
    case "/stall":
      return;
    case "/pause":
      return void response.write("some");
    case "/long":
      return void response.end(Buffer.alloc(256 * 1024));
    case undefined:
    default:
      request.resume();
      return void request.once("end", () => response.end("ok"));
  }
};

/** Writes until the other side has had enough. */
function endless(socket: Duplex, head: string, more: () => string): void {
  socket.on("error", () => undefined);
  socket.write(head);
  const write = () => {
    while (!socket.destroyed && socket.write(more()));
  };
  socket.on("drain", write);
  write();
}
