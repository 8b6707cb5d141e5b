import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createClient } from "./client.ts";
import type { OperationEvent } from "./schemas.ts";

async function serve(listener: RequestListener, token?: string) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const delays: number[] = [];
  const delay = (milliseconds: number) => {
    delays.push(milliseconds);
    return Promise.resolve();
  };
  const client = createClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, token, delay });
  return { client, delays, server };
}

const operation = (finishedAt: string | null) => ({ type: "operation", operation: { id: "op-1", finishedAt } });
const frame = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

describe("requests", () => {
  test("carry the token, an encoded path and the query", async () => {
    let seen: unknown;
    const { client } = await serve((request, response) => {
      seen = [request.method, request.url, request.headers.authorization];
      response.end(JSON.stringify({ items: [] }));
    }, "secret");
    expect(await client.listOperations({ app: "a b&c", limit: 3 })).toEqual({ items: [] });
    expect(seen).toEqual(["GET", "/api/v1/operations?app=a%20b%26c&limit=3", "Bearer secret"]);
  });

  test("that are refused throw the problem as it was sent", async () => {
    const problem = {
      type: "about:blank",
      title: "Not Found",
      status: 404,
      code: "app_not_found",
      detail: "There is no app hello",
      hint: "List",
    };
    const { client } = await serve((_request, response) => response.writeHead(404).end(JSON.stringify(problem)));
    await expect(client.getApp("hello")).rejects.toMatchObject({ name: "ApiError", message: problem.detail, problem, transient: false });
  });

  test("answered by something that is not Ebb say so", async () => {
    const { client } = await serve((_request, response) => response.writeHead(502).end("<html>bad gateway</html>"));
    await expect(client.status()).rejects.toMatchObject({ transient: true, problem: { status: 502, code: "unexpected_answer" } });
  });

  test("without an answer have code unreachable and keep the cause", async () => {
    const { client, server } = await serve(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    await expect(client.status()).rejects.toMatchObject({
      transient: true,
      problem: { status: 0, code: "unreachable" },
      cause: expect.anything(),
    });
    expect(await client.healthy()).toBe(false);
  });

  test("that are aborted throw the signal's reason", async () => {
    const { client } = await serve(() => undefined);
    const reason = new Error("no longer wanted");
    await expect(client.status({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

test("a source is uploaded as a stream", async () => {
  const { client } = await serve((request, response) => {
    let size = 0;
    request.on("data", (chunk: Buffer) => (size += chunk.length));
    request.on("end", () =>
      response.writeHead(202).end(JSON.stringify({ id: `${request.url} ${request.headers["content-type"]} ${size}` })),
    );
  });
  let left = 32;
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(65_536)) : controller.close()),
  });
  const { id } = await client.uploadSource(source, { defaultName: "shop", noTraffic: true });
  expect(id).toBe(`/api/v1/deployments?defaultName=shop&noTraffic=true application/gzip ${32 * 65_536}`);
});

describe("operation events", () => {
  test("tell each line once when the connection breaks, and end with the operation", async () => {
    let connections = 0;
    const { client, delays } = await serve((_request, response) => {
      response.setHeader("content-type", "text/event-stream");
      switch (++connections) {
        case 1:
          response.write(`: hello\n\n${frame(operation(null))}${frame({ type: "log", line: "a" })}data: {"cut`);
          setImmediate(() => response.destroy());
          return;
        case 2:
          response.writeHead(503).end("restarting");
          return;
        default: {
          const lines = ["a", "b"].map((line) => frame({ type: "log", line })).join("");
          response.end(`${lines}${frame(operation("2026-01-01T00:00:00Z"))}`);
        }
      }
    });
    const events: OperationEvent[] = [];
    for await (const event of client.operationEvents("op-1")) events.push(event);
    expect(events.map((event) => (event.type === "log" ? event.line : event.operation.finishedAt))).toEqual([
      null,
      "a",
      "b",
      "2026-01-01T00:00:00Z",
    ]);
    expect(delays).toEqual([100, 200]);
  });

  test("give up at once when refused, and after a bounded number of failures", async () => {
    let status = 404;
    let requests = 0;
    const { client } = await serve((_request, response) => {
      requests += 1;
      response.writeHead(status).end();
    });
    const read = async () => {
      for await (const event of client.operationEvents("op-1")) expect(event).toBeUndefined();
    };
    await expect(read()).rejects.toMatchObject({ problem: { status: 404 } });
    expect(requests).toBe(1);
    status = 503;
    await expect(read()).rejects.toMatchObject({ problem: { status: 503 } });
    expect(requests).toBe(21);
  });
});

test("log records are parsed whatever the chunks, and leaving the loop ends the request", async () => {
  let closed = false;
  const { client } = await serve((request, response) => {
    request.once("close", () => (closed = true));
    const text = Buffer.from('{"text":"größe"}\n{"text":"two"}\r\n\n{"text":"three"}\n');
    response.write(text.subarray(0, 12));
    setImmediate(() => response.write(text.subarray(12)));
  });
  const texts: string[] = [];
  for await (const record of client.logs({ app: "hello", env: "test" }, { follow: true })) {
    texts.push(record.text);
    if (texts.length === 3) break;
  }
  expect(texts).toEqual(["größe", "two", "three"]);
  await expect.poll(() => closed).toBe(true);
});
