import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect as connectHttp2, constants, type ClientHttp2Session } from "node:http2";
import { connect } from "node:net";

const HOST = "127.0.0.1";
const AUTHORITY = "app.test";

export interface Asked {
  path?: string;
  method?: string;
  body?: string;
}

/** Exchanges by one protocol; rejected when an answer breaks off. */
export interface Client {
  /** The status; of a WebSocket that was opened, and had what it sent sent back, 200. */
  ask(asked?: Asked): Promise<number>;
  close(): void;
}

export type Protocol = "HTTP/1.1" | "HTTP/2" | "WebSocket";

export function clientOf(protocol: Protocol, port: number, connections: number): Client {
  switch (protocol) {
    case "HTTP/1.1":
      return http1Client(port, connections);
    case "HTTP/2":
      return http2Client(port);
    case "WebSocket":
      return { ask: () => webSocket(port), close: () => undefined };
  }
}

function http1Client(port: number, connections: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const ask = ({ path = "/", method = "GET", body = "" }: Asked = {}) =>
    new Promise<number>((resolve, reject) => {
      const sent = request({ host: HOST, port, agent, method, path, headers: { host: AUTHORITY } }, (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode ?? 0));
        response.once("error", reject);
      });
      sent.once("error", reject);
      sent.end(body);
    });
  return { ask, close: () => agent.destroy() };
}

/** All on one connection, until it ends. */
function http2Client(port: number): Client {
  let session: ClientHttp2Session | undefined;
  const ask = ({ path = "/", method = "GET", body = "" }: Asked = {}) =>
    new Promise<number>((resolve, reject) => {
      if (!session || session.closed || session.destroyed) session = connectHttp2(`http://${HOST}:${port}`).on("error", () => undefined);
      const stream = session.request({ ":path": path, ":method": method, ":authority": AUTHORITY }, { endStream: body === "" });
      let status = 0;
      stream.on("response", (headers) => (status = headers[":status"] ?? 0));
      stream.on("error", reject);
      stream.on("close", () =>
        stream.rstCode === constants.NGHTTP2_NO_ERROR ? resolve(status) : reject(new Error(`reset: ${stream.rstCode}`)),
      );
      stream.resume();
      if (body !== "") stream.end(body);
    });
  return { ask, close: () => session?.destroy() };
}

async function webSocket(port: number): Promise<number> {
  const socket = connect({ port, host: HOST });
  try {
    const fields = `Host: ${AUTHORITY}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==`;
    socket.write(`GET / HTTP/1.1\r\n${fields}\r\n\r\n`);
    let text = "";
    for await (const chunk of socket) {
      text += String(chunk);
      const head = text.indexOf("\r\n\r\n");
      if (head < 0) continue;
      const status = Number(text.slice(9, 12));
      if (status !== 101) return status;
      if (text.length === head + 4) socket.write("hello");
      else if (text.endsWith("hello")) return 200;
    }
    throw new Error(`the connection ended after ${text.length} characters`);
  } finally {
    socket.destroy();
  }
}

/** Sends that and resets the connection. */
export async function leave(port: number, bytes: string): Promise<void> {
  const socket = connect({ port, host: HOST });
  await once(socket, "connect");
  await new Promise((resolve) => socket.write(bytes, resolve));
  socket.resetAndDestroy();
}
