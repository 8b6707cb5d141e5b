import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { createServer as createHttp2Server } from "node:http2";
import type { Server } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { eventually } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { get, listen, rawClient, rawServer, startWith } from "./test-gateway.ts";

const MIB = 1024 * 1024;
const BLOCK = Buffer.alloc(64 * 1024, "x");
const TOTAL = 300 * MIB;
/** Client, gateway and instance share this process, and V8 lets about 64 MiB of used buffers gather before it collects them. */
const MAX_GROWTH = 120 * MIB;

function* blocks(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= BLOCK.length) yield BLOCK.subarray(0, Math.min(left, BLOCK.length));
}

async function count(stream: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

/** Counts what it is sent, then answers with as much. */
function counter(): Server {
  return createServer((request, response) => {
    void count(request).then((bytes) => {
      response.setHeader("x-count", bytes);
      if (request.url === "/length") response.setHeader("content-length", bytes);
      return pipeline(Readable.from(blocks(bytes)), response);
    });
  });
}

async function upload(port: number, path: string, headers: Record<string, string | number>): Promise<{ sent: string; back: number }> {
  const request = httpRequest({ port, host: "127.0.0.1", path, method: "POST", headers: { host: "app.test", ...headers } });
  const answered = new Promise<IncomingMessage>((resolve, reject) => request.on("response", resolve).on("error", reject));
  await pipeline(Readable.from(blocks(TOTAL)), request);
  const response = await answered;
  return { sent: String(response.headers["x-count"]), back: await count(response) };
}

describe("300 MiB both ways, in constant memory", () => {
  test.each([
    ["with its length", "/length", { "content-length": TOTAL }],
    ["chunked", "/chunked", {}],
  ])("%s", async (_name, path, headers) => {
    const server = counter();
    const app = await listen(server);
    onTestFinished(() => void server.close());
    const { port } = await startWith([app]);
    const before = process.memoryUsage();
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 10);
    const result = await upload(port, path, headers);
    clearInterval(watch);
    expect(result).toEqual({ sent: `${TOTAL}`, back: TOTAL });
    expect(most - before.arrayBuffers).toBeLessThan(MAX_GROWTH);
  });

  test("over HTTP/2 on both sides", async () => {
    const server = createHttp2Server();
    server.on("stream", (stream) => {
      stream.on("error", () => {});
      stream.respond({ ":status": 200 });
      stream.pipe(stream);
    });
    const app = await listen(server);
    onTestFinished(() => void server.close());
    const { port } = await startWith([app], { protocol: "h2c" });
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":method": "POST", ":path": "/", ":authority": "app.test" });
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 10);
    const [bytes] = await Promise.all([count(stream), pipeline(Readable.from(blocks(TOTAL)), stream)]);
    clearInterval(watch);
    expect(bytes).toBe(TOTAL);
    expect(most - before).toBeLessThan(MAX_GROWTH);
  });
});

describe("back-pressure", () => {
  test("a client that does not read holds its instance back, and another is served meanwhile", async () => {
    const total = 64 * MIB;
    const app = await rawServer((socket, text) => {
      if (text.includes("/small")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      else {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
        Readable.from(blocks(total)).pipe(socket);
      }
    });
    const { port } = await startWith([app.port]);
    const slow = await rawClient(port);
    slow.socket.pause();
    slow.send(get("/big"));
    let seen = -1;
    await eventually(
      () => {
        const sent = app.connections[0]?.bytesWritten ?? 0;
        const settled = sent === seen && sent > 0;
        seen = sent;
        return settled;
      },
      10_000,
      300,
    );
    // What lies between: the kernel's buffers of two connections, and the gateway's own small ones.
    expect(seen).toBeLessThan(24 * MIB);
    const other = await rawClient(port);
    other.send(get("/small"));
    await other.ended;
    expect(other.text()).toMatch(/ok$/);
    let received = 0;
    slow.socket.removeAllListeners("data");
    slow.socket.on("data", (chunk) => (received += chunk.length));
    slow.socket.resume();
    await slow.ended;
    expect(received).toBeGreaterThan(total);
  });

  test("an instance that does not read holds its client back", async () => {
    const app = await rawServer(() => {});
    const { port } = await startWith([app.port]);
    const browser = await rawClient(port);
    browser.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 64000000\r\n\r\n");
    await eventually(() => app.connections[0]);
    app.connections[0]?.pause();
    const before = process.memoryUsage().arrayBuffers;
    browser.send(Buffer.alloc(64_000_000));
    let seen = -1;
    await eventually(
      () => {
        const left = browser.socket.writableLength;
        const settled = left === seen;
        seen = left;
        return settled;
      },
      10_000,
      300,
    );
    expect(seen).toBeGreaterThan(30_000_000);
    expect(process.memoryUsage().arrayBuffers - before - 64_000_000).toBeLessThan(16 * MIB);
    app.connections[0]?.resume();
    await eventually(() => browser.socket.writableLength === 0);
  });
});
