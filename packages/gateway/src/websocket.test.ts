import { createHash } from "node:crypto";
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { eventually } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { rawServer, startWith, type RawServer } from "./test-gateway.ts";

/** Takes a WebSocket's handshake as it must be taken, then sends back what it is sent, and ends when it is told `bye`. */
function echo(accept = (key: string) => key): Promise<RawServer> {
  return rawServer((socket, text) => {
    const key = /Sec-WebSocket-Key: (.*)\r\n/.exec(text)?.[1];
    if (key === undefined) return void (text === "bye" ? socket.end("end") : socket.write(text));
    const proof = createHash("sha1")
      .update(`${accept(key)}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    const lines = ["Connection: Upgrade", "Upgrade: websocket", `Sec-WebSocket-Accept: ${proof}`, "Sec-WebSocket-Protocol: chat"];
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
  });
}

async function session(port: number): Promise<ClientHttp2Session> {
  const made = connect(`http://127.0.0.1:${port}`).on("error", () => {});
  onTestFinished(() => made.destroy());
  await eventually(() => made.remoteSettings?.enableConnectProtocol);
  return made;
}

function open(on: ClientHttp2Session, more: Record<string, string> = {}) {
  const stream: ClientHttp2Stream = on.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "http",
    ":path": "/chat?room=1",
    ":authority": "app.test",
    "sec-websocket-version": "13",
    "sec-websocket-key": "forged",
    ...more,
  });
  const seen = { headers: {} as Record<string, unknown>, text: "", ended: false, code: -1 };
  stream.on("response", (headers) => (seen.headers = headers));
  stream.on("data", (chunk: Buffer) => (seen.text += chunk.toString()));
  stream.on("end", () => (seen.ended = true));
  stream.on("error", () => {});
  stream.on("close", () => (seen.code = stream.rstCode));
  return { stream, seen };
}

test("a WebSocket over HTTP/2 reaches an HTTP/1.1 instance: handshake, bytes both ways, the end from either side", async () => {
  const app = await echo();
  const { port, accessLog } = await startWith([app.port]);
  const on = await session(port);
  const first = open(on);
  // Sent before the answer: it waits until the tunnel is there, and is not taken for a body.
  first.stream.write("early");
  await eventually(() => first.seen.text === "early");
  expect(first.seen.headers).toMatchObject({ ":status": 200, "sec-websocket-protocol": "chat" });
  for (const name of ["sec-websocket-accept", "upgrade", "connection"]) expect(first.seen.headers).not.toHaveProperty(name);
  const head = app.received().slice(0, app.received().indexOf("\r\n\r\n"));
  expect(head).toMatch(/^GET \/chat\?room=1 HTTP\/1\.1\r\nHost: app\.test\r\n/);
  expect(head).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: websocket$/);
  expect(head).toMatch(/\r\nsec-websocket-version: 13\r\n/);
  expect(head).not.toContain("forged");
  const second = open(on);
  second.stream.write("two");
  await eventually(() => second.seen.text === "two");
  first.stream.write("bye");
  await eventually(() => first.seen.ended && first.seen.text === "earlyend");
  second.stream.close();
  await eventually(() => app.connections.every((socket) => socket.destroyed));
  expect(accessLog.map(({ status, protocol }) => [status, protocol])).toEqual([
    [101, "h2"],
    [101, "h2"],
  ]);
});

test.each<[sentence: string, app: () => Promise<RawServer>, status: number]>([
  [
    "an instance that answers the GET instead of switching",
    () => rawServer((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")),
    502,
  ],
  ["one that refuses", () => rawServer((socket) => socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")), 403],
  ["one that has not understood the key", () => echo(() => "another"), 502],
])("%s", async (_sentence, app, status) => {
  const { port } = await startWith([(await app()).port]);
  const { seen } = open(await session(port));
  await eventually(() => seen.code >= 0);
  expect(seen.headers[":status"]).toBe(status);
});

test("another protocol, a plain CONNECT, and a version that speaks HTTP/2 are refused", async () => {
  const { port, client } = await startWith([(await echo()).port]);
  const on = await session(port);
  const other = open(on, { ":protocol": "connect-udp" });
  await eventually(() => other.seen.headers[":status"] === 501);
  const plain = on.request({ ":method": "CONNECT", ":authority": "app.test:80" }).on("error", () => {});
  let status: unknown;
  plain.on("response", (headers) => (status = headers[":status"]));
  await eventually(() => status === 405);
  await client.putBackend({ ...backendOf(port), protocol: "h2c" });
  const tunnel = open(on);
  await eventually(() => tunnel.seen.headers[":status"] === 501);
});

function backendOf(port: number) {
  const limits = { containerConcurrency: 0, timeoutSeconds: 9, responseStartTimeoutSeconds: 0, idleTimeoutSeconds: 0 };
  return { key: "ns/app", ...limits, endpoints: [{ id: "x", host: "127.0.0.1", port }] };
}
