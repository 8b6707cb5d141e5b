import { systemClock } from "@ebb/base";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createExchange, MOST_BODY } from "./exchange.ts";

async function asked(listener: RequestListener, request: Partial<Parameters<ReturnType<typeof createExchange>>[2]> = {}) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const exchange = createExchange("ebb/test", systemClock);
  return exchange(
    { host: "127.0.0.1", port },
    new URL("http://shop.example:8080"),
    { method: "GET", path: "/", headers: [], ...request },
    new AbortController().signal,
  );
}

test("asks for the URL's host with what is asked for, and tells the answer and its times", async () => {
  const { answer, failure, timings } = await asked(
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.setHeader("x-seen", `${request.method} ${request.url} ${request.headers.host} ${String(request.headers["x-canary"])}`);
        response.statusCode = 201;
        response.end(`got ${Buffer.concat(chunks).toString()}`);
      });
    },
    { method: "POST", path: "/items?a=1", headers: [{ name: "x-canary", value: "1" }], body: "hello" },
  );
  expect(failure).toBe(null);
  expect(answer).toMatchObject({ status: 201, truncated: false });
  expect(answer?.body.toString()).toBe("got hello");
  expect(answer?.headers).toContainEqual({ name: "x-seen", value: "POST /items?a=1 shop.example:8080 1" });
  const { connected, firstByte, end } = timings;
  expect([connected, firstByte, end]).toEqual([connected, firstByte, end].toSorted((a, b) => Number(a) - Number(b)));
});

test("reads no more of an answer than a person looks at", async () => {
  const { answer, failure } = await asked((_, response) => void response.end(Buffer.alloc(4 * MOST_BODY, "x")));
  expect(failure).toBe(null);
  expect(answer?.truncated).toBe(true);
  expect(answer?.body.length).toBe(MOST_BODY);
});

test("tells why there is no answer, and keeps what came of one that broke off", async () => {
  const none = await asked((request) => void request.socket.destroy());
  expect(none).toMatchObject({ answer: null, failure: expect.stringContaining("socket hang up") });
  const broken = await asked((_, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("so far", () => response.destroy());
  });
  expect(broken.failure).not.toBe(null);
  expect(broken.answer?.body.toString()).toBe("so far");
});
