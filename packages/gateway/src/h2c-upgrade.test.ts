import { describe, expect, test } from "vitest";
import { eventually } from "@ebb/testkit";
import { PREFACE } from "./http2/session.ts";
import { rawClient, rawServer, startGateway, startWith } from "./test-gateway.ts";

const SETTINGS = "AAMAAABkAAQAAP__";
const WISH = `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: ${SETTINGS}\r\n`;
const asking = (wish = WISH, more = "") => `GET /first HTTP/1.1\r\nHost: app.test\r\n${wish}${more}\r\n`;
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n";
const EMPTY_SETTINGS = "\0\0\0\x04\0\0\0\0\0";

const app = () => rawServer((socket) => void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));

/** The frames behind the 101: types, streams and payloads. */
function frames(text: string): { type: number; stream: number; payload: string }[] {
  const bytes = Buffer.from(text.slice(SWITCHED.length), "latin1");
  const found: { type: number; stream: number; payload: string }[] = [];
  for (let at = 0; at + 9 <= bytes.length;) {
    const size = bytes.readUIntBE(at, 3);
    found.push({
      type: bytes[at + 3] as number,
      stream: bytes.readUInt32BE(at + 5),
      payload: bytes.toString("latin1", at + 9, at + 9 + size),
    });
    at += 9 + size;
  }
  return found;
}

describe("a request that asks to go on in HTTP/2", () => {
  test("is the first stream of the connection, which serves others", async () => {
    const instance = await app();
    const { port, accessLog } = await startWith([instance.port]);
    const client = await rawClient(port);
    client.send(asking());
    await eventually(() => expect(client.text()).toContain("hello"));
    expect(client.text().slice(0, SWITCHED.length)).toBe(SWITCHED);
    const received = frames(client.text());
    expect(received[0]).toMatchObject({ type: 4, stream: 0 });
    expect(received).toContainEqual({ type: 0, stream: 1, payload: "hello" });
    // GET /second, by static entries and literals without indexing.
    const block = "\x82\x86\x04\x07/second\x01\x08app.test";
    client.send(`${PREFACE}${EMPTY_SETTINGS}\0\0${String.fromCharCode(block.length)}\x01\x05\0\0\0\x03${block}`);
    await eventually(() => expect(frames(client.text())).toContainEqual({ type: 0, stream: 3, payload: "hello" }));
    expect(accessLog.map(({ path, protocol }) => [path, protocol])).toEqual([
      ["/first", "h2"],
      ["/second", "h2"],
    ]);
    expect(instance.received()).toMatch(/^GET \/first HTTP\/1\.1\r\nHost: app\.test\r\n/);
    expect(instance.received()).not.toMatch(/settings|upgrade/i);
  });

  test("may send no more of an answer than its settings allow, until it says so", async () => {
    const big = "x".repeat(100);
    const instance = await rawServer((socket) => void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${big}`));
    const { port } = await startWith([instance.port]);
    const client = await rawClient(port);
    const window = Buffer.from([0, 4, 0, 0, 0, 10]).toString("base64url");
    client.send(asking(WISH.replace(SETTINGS, window)));
    const data = () => frames(client.text()).filter(({ type }) => type === 0);
    await eventually(() => expect(data()).toEqual([{ type: 0, stream: 1, payload: "x".repeat(10) }]));
    client.send(`${PREFACE}${EMPTY_SETTINGS}\0\0\x04\x08\0\0\0\0\x01\0\0\0\x5a`);
    await eventually(() => expect(data().reduce((sum, { payload }) => sum + payload.length, 0)).toBe(100));
  });

  test("is answered in HTTP/2 where no route is", async () => {
    const { port, client: control } = await startGateway();
    control.begin();
    const client = await rawClient(port);
    client.send(asking());
    await eventually(() => expect(frames(client.text()).some(({ type, stream }) => type === 1 && stream === 1)).toBe(true));
    expect(client.text().startsWith(SWITCHED)).toBe(true);
  });

  test("ends with its connection when what follows is no HTTP/2", async () => {
    const instance = await app();
    const { port } = await startWith([instance.port]);
    const client = await rawClient(port);
    client.send(asking());
    await eventually(() => expect(client.text()).toContain("hello"));
    client.send("GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n");
    await client.ended;
    expect(frames(client.text()).at(-1)).toMatchObject({ type: 7, stream: 0 });
    expect(instance.received()).not.toContain("smuggled");
  });

  test("must go on with HTTP/2 in time", async () => {
    const instance = await app();
    const { port } = await startWith([instance.port], {}, { limits: { headTimeout: 50 } });
    const client = await rawClient(port);
    client.send(asking());
    await client.ended;
    expect(client.text().startsWith(SWITCHED)).toBe(true);
  });

  test("ends with a connection error when its settings are none that are allowed", async () => {
    const instance = await app();
    const { port } = await startWith([instance.port]);
    const client = await rawClient(port);
    client.send(asking(WISH.replace(SETTINGS, Buffer.from([0, 2, 0, 0, 0, 2]).toString("base64url"))));
    await client.ended;
    expect(frames(client.text()).at(-1)).toMatchObject({ type: 7, stream: 0 });
    expect(instance.received()).toBe("");
  });
});

describe("is answered in HTTP/1.1", () => {
  test.each<[sentence: string, request: string]>([
    ["with settings that are cut", asking(WISH.replace(SETTINGS, "AAMAAABkAAQAAP"))],
    ["with settings in another alphabet", asking(WISH.replace("__", "//"))],
    ["with more settings than anybody has", asking(WISH.replace(SETTINGS, "AAMAAABk".repeat(33)))],
    ["with settings twice", asking(`${WISH}HTTP2-Settings: ${SETTINGS}\r\n`)],
    ["without settings", asking("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n")],
    ["with settings that Connection does not name", asking(WISH.replace(", HTTP2-Settings", ""))],
    ["without the option Upgrade", asking(WISH.replace("Upgrade, ", ""))],
    ["when another protocol is named as well", asking(WISH.replace("h2c", "h2c, websocket"))],
    ["for HTTP/2 by TLS, which is no upgrade", asking(WISH.replace("h2c", "h2"))],
    ["with a body", asking(WISH, "Content-Length: 2\r\n").replace("GET", "POST") + "ab"],
    ["with a body in chunks", asking(WISH, "Transfer-Encoding: chunked\r\n").replace("GET", "POST") + "0\r\n\r\n"],
    ["from HTTP/1.0", asking().replace("HTTP/1.1", "HTTP/1.0")],
    ["by way of another proxy (X-Forwarded-For)", asking(WISH, "X-Forwarded-For: 10.0.0.1\r\n")],
    ["by way of another proxy (Forwarded)", asking(WISH, "Forwarded: for=10.0.0.1\r\n")],
    ["by way of another proxy (Via)", asking(WISH, "Accept: a\r\nVia: 1.1 edge\r\n")],
    ["with another request right behind it", asking() + "GET /second HTTP/1.1\r\nHost: app.test\r\n\r\n"],
    ["with HTTP/2 right behind it, which is no request", asking() + PREFACE],
  ])("%s", async (_sentence, request) => {
    const instance = await app();
    const { port } = await startWith([instance.port]);
    const client = await rawClient(port);
    client.send(request);
    await eventually(() => expect(client.text()).toContain("hello"));
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(instance.received()).not.toMatch(/settings|upgrade/i);
  });
});
