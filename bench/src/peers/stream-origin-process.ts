/** An instance for streams: `events|websocket|grpc`; prints its port. */
import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import type { Duplex } from "node:stream";
import { CLIENT_FRAME, EVENT, EVENTS_A_SECOND, GRPC_MESSAGE, SERVER_FRAME } from "./stream-messages.ts";

/** The same event to all that listen, so many times a second. */
function events(): Server {
  const listening = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.flushHeaders();
    listening.add(response);
    request.socket.on("close", () => listening.delete(response));
  });
  setInterval(() => {
    for (const response of listening) response.write(EVENT);
  }, 1000 / EVENTS_A_SECOND);
  return server;
}

/** A message back for each message. */
function websocket(): Server {
  const server = createServer();
  server.on("upgrade", (request, socket: Duplex) => {
    socket.on("error", () => {});
    // HAProxy looks at it (RFC 6455 §4.2.2).
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    const head = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n`;
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head}\r\n`);
    let bytes = 0;
    socket.on("data", (chunk: Buffer) => {
      for (bytes += chunk.length; bytes >= CLIENT_FRAME.length; bytes -= CLIENT_FRAME.length) socket.write(SERVER_FRAME);
    });
  });
  return server;
}

/** A unary call: one message, one message back, the status in trailers. */
function grpc(): Server {
  const server = createHttp2Server();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.resume();
    stream.on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(GRPC_MESSAGE);
    });
  });
  return server;
}

const KINDS: Readonly<Record<string, () => Server>> = { events, websocket, grpc };
const make = KINDS[process.argv[2] ?? ""];
if (!make) throw new Error(`there are ${Object.keys(KINDS).join(", ")}`);
const server = make();
server.listen(0, "127.0.0.1", 4096, () => console.log((server.address() as AddressInfo).port));
