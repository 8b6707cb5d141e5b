import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { createServer as createHttp2Server } from "node:http2";
import type { Server } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { eventually } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { get, listen, rawClient, rawServer, startWith } from "./test-gateway.ts";

const MIB = 1024 * 1024;
const BLOCK = Buffer.alloc(64 * 1024, "x");
/** Three times what may be held: a body that is kept would show, and a busy machine still gets through. */
const TOTAL = 48 * MIB;
/** What client, gateway and instance, which share this process, may hold at once: their sockets' buffers, not a part of the body. */
const MAX_HELD = 16 * MIB;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** The most bytes in buffers still in use that was seen while `work` ran, beyond those before it. */
async function mostHeld<T>(work: () => Promise<T>): Promise<{ result: T; held: number; samples: number }> {
  const inUse = () => {
    // Buffers are counted as freed once the sweeper, which the next collection waits for, has been over them.
    collectGarbage();
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const before = inUse();
  let most = before;
  let samples = 0;
  let watch: NodeJS.Timeout;
  // On a busy machine a collection takes as long as a fixed period would leave: the work must get half of the time.
  const look = () => {
    const began = performance.now();
    most = Math.max(most, inUse());
    samples++;
    watch = setTimeout(look, Math.max(50, performance.now() - began));
  };
  watch = setTimeout(look, 50);
  try {
    return { result: await work(), held: most - before, samples };
  } finally {
    clearTimeout(watch);
  }
}

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

describe("48 MiB both ways, in constant memory", () => {
  test.each([
    ["with its length", "/length", { "content-length": TOTAL }],
    ["chunked", "/chunked", {}],
  ])("%s", async (_name, path, headers) => {
    const server = counter();
    const app = await listen(server);
    onTestFinished(() => void server.close());
    const { port } = await startWith([app]);
    const { result, held, samples } = await mostHeld(() => upload(port, path, headers));
    expect(result).toEqual({ sent: `${TOTAL}`, back: TOTAL });
    expect(samples).toBeGreaterThan(3);
    expect(held).toBeLessThan(MAX_HELD);
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
    const { result, held, samples } = await mostHeld(() => Promise.all([count(stream), pipeline(Readable.from(blocks(TOTAL)), stream)]));
    expect(result[0]).toBe(TOTAL);
    expect(samples).toBeGreaterThan(3);
    expect(held).toBeLessThan(MAX_HELD);
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
