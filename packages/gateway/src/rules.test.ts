import { createServer } from "node:http";
import { onTestFinished, describe, expect, test } from "vitest";
import type { MirrorStats, SeenRequest } from "./control-protocol.ts";
import type { RouteRule } from "./route-table.ts";
import {
  backend,
  exchange,
  get,
  listen,
  rawClient,
  rawServer,
  rule,
  startGateway,
  type TestGateway,
  type TestGatewayOptions,
} from "./test-gateway.ts";

/** An instance that tells what it was sent, and what it is asked to answer. */
async function echo(
  answer: (path: string, count: number) => { status: number; headers?: Record<string, string>; body?: string } | "hang" | "reset" = () => ({
    status: 200,
  }),
) {
  const seen: { line: string; headers: Record<string, unknown>; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      seen.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      const made = answer(request.url ?? "", seen.length);
      if (made === "hang") return;
      if (made === "reset") return void request.socket.resetAndDestroy();
      response.writeHead(made.status, made.headers);
      response.end(made.body ?? `answer ${seen.length}`);
    });
  });
  const port = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port, seen };
}

async function serve(ports: number[], rules: RouteRule[], options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startGateway(options);
  gateway.client.begin();
  for (const [i, port] of ports.entries()) await gateway.client.putBackend(backend(`ns/r${i}`, [port]));
  await gateway.client.putRoute({ key: "ns/vs", hash: "h", hosts: [rule("app.test", "", { splits: [], rules })] });
  return gateway;
}
const forward = (service = "ns/r0", more: Partial<RouteRule> = {}): RouteRule => ({
  name: "rule",
  matches: [],
  action: { type: "forward", destinations: [{ target: { service }, weight: 1 }] },
  ...more,
});
const statusOf = (answer: string) => Number(answer.slice(9, 12));

describe("rules on the wire", () => {
  test("a match by header leads to another version; the rest to the first; without a match 404", async () => {
    const [a, b] = [await echo(), await echo()];
    const { port } = await serve(
      [a.port, b.port],
      [
        forward("ns/r1", { matches: [{ headers: { "x-canary": { exact: "1" } } }] }),
        forward("ns/r0", { matches: [{ uri: { prefix: "/in" } }] }),
      ],
    );
    await exchange(port, get("/in", "X-Canary: 1\r\n"));
    await exchange(port, get("/in"));
    expect([a.seen.length, b.seen.length]).toEqual([1, 1]);
    expect(statusOf(await exchange(port, get("/out")))).toBe(404);
  });

  test("rewrite and headers: the instance sees the new ones, and in X-Forwarded-Host the old", async () => {
    const a = await echo(() => ({ status: 200, headers: { server: "x", "x-app": "1" } }));
    const changes = {
      authority: "inner.test",
      path: { uri: "/new" },
      request: { set: { "x-a": "%REQ(:path)%" } },
      response: { remove: ["server"], add: { "x-code": "%RESPONSE_CODE%" } },
    };
    const { port, accessLog } = await serve([a.port], [forward("ns/r0", { matches: [{ uri: { prefix: "/old" } }], ...changes })]);
    const answer = await exchange(port, get("/old/x?q"));
    expect(a.seen[0]).toMatchObject({
      line: "GET /new/x?q",
      headers: { host: "inner.test", "x-forwarded-host": "app.test", "x-a": "/old/x?q" },
    });
    expect(answer).toMatch(/x-app: 1\r\n(.*\r\n)*x-code: 200\r\n/);
    expect(answer).not.toMatch(/^server:/im);
    expect(accessLog[0]).toMatchObject({ host: "app.test", path: "/old/x" });
  });

  test("redirect and direct answers come from the gateway, to GET, HEAD and POST", async () => {
    const { port } = await serve(
      [],
      [
        { name: "r", matches: [{ uri: { prefix: "/r" } }], action: { type: "redirect", status: 308, uri: "/to" } },
        {
          name: "d",
          matches: [],
          action: { type: "respond", status: 418, body: "aGVsbG8=", encoding: "base64" },
          response: { set: { "x-by": "rule" } },
        },
      ],
    );
    expect(await exchange(port, get("/r?q=1"))).toMatch(/^HTTP\/1.1 308 Permanent Redirect\r\nLocation: http:\/\/app.test\/to\?q=1\r\n/);
    expect(await exchange(port, get("/d"))).toMatch(/^HTTP\/1.1 418 .*\r\n(.*\r\n)*x-by: rule\r\n(.*\r\n)*\r\nhello$/);
    const two = await exchange(
      port,
      "HEAD /d HTTP/1.1\r\nHost: app.test\r\n\r\nPOST /d HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
    );
    expect(two.match(/HTTP\/1.1 418/g)).toHaveLength(2);
    expect(two.match(/hello/g)).toHaveLength(1);
  });

  test("a delay holds the request, an abort ends it, a timeout cuts it short", async () => {
    const a = await echo((path) => (path === "/hang" ? "hang" : { status: 200 }));
    const { port } = await serve(
      [a.port],
      [
        forward("ns/r0", { matches: [{ uri: { exact: "/abort" } }], fault: { abort: { status: 418, percent: 100 } } }),
        forward("ns/r0", {
          matches: [{ uri: { exact: "/both" } }],
          fault: { delay: { seconds: 0.2, percent: 100 }, abort: { status: 503, percent: 100 } },
        }),
        forward("ns/r0", { matches: [{ uri: { exact: "/never" } }], fault: { abort: { status: 503, percent: 0 } } }),
        forward("ns/r0", { matches: [{ uri: { exact: "/delay" } }], fault: { delay: { seconds: 0.2, percent: 100 } } }),
        forward("ns/r0", { matches: [{ uri: { exact: "/hang" } }], timeoutSeconds: 0.2 }),
      ],
    );
    const timed = async (path: string) => {
      const started = performance.now();
      const status = statusOf(await exchange(port, get(path)));
      return { status, late: performance.now() - started >= 195 };
    };
    expect(await timed("/abort")).toMatchObject({ status: 418 });
    expect(await timed("/never")).toMatchObject({ status: 200 });
    expect(await timed("/both")).toEqual({ status: 503, late: true });
    expect(await timed("/delay")).toEqual({ status: 200, late: true });
    expect(await timed("/hang")).toEqual({ status: 504, late: true });
    expect(a.seen.map(({ line }) => line)).toEqual(["GET /never", "GET /delay", "GET /hang"]);
  });

  test("a client that leaves during a delay leaves nothing behind", async () => {
    const a = await echo();
    const { port, accessLog } = await serve([a.port], [forward("ns/r0", { fault: { delay: { seconds: 60, percent: 100 } } })]);
    const client = await rawClient(port);
    client.send(get());
    client.socket.destroy();
    await expect.poll(() => accessLog[0]?.outcome).toBe("client-gone");
  });
});

describe("retries", () => {
  const retries = (on: string[], more: Partial<NonNullable<RouteRule["retries"]>> = {}) =>
    forward("ns/r0", { retries: { attempts: 2, perTrySeconds: 0, on, ...more } });
  const post = (body: string) => `POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;

  test("by status, as often as is allowed; the last answer is the client's", async () => {
    const a = await echo((_, count) => ({ status: count < 3 ? 503 : 200 }));
    const { port } = await serve([a.port], [retries(["5xx"])]);
    expect(await exchange(port, get())).toMatch(/^HTTP\/1.1 200 (.*\r\n)*answer 3\r\n/);
    const b = await echo(() => ({ status: 503 }));
    const other = await serve([b.port], [retries(["gateway-error"])]);
    expect(await exchange(other.port, get())).toMatch(/^HTTP\/1.1 503 (.*\r\n)*answer 3\r\n/);
  });

  test("not for a status that is not named", async () => {
    const a = await echo(() => ({ status: 503 }));
    const { port } = await serve([a.port], [retries(["connect-failure", "502"])]);
    expect(statusOf(await exchange(port, get()))).toBe(503);
    expect(a.seen).toHaveLength(1);
  });

  test("a body goes along whole, even of a POST, when it is short enough to keep; else there is one attempt", async () => {
    const a = await echo((_, count) => ({ status: count < 2 ? 503 : 200 }));
    const { port } = await serve([a.port], [retries(["503"])]);
    expect(statusOf(await exchange(port, post("some text")))).toBe(200);
    expect(a.seen.map(({ body }) => body)).toEqual(["some text", "some text"]);
    const b = await echo(() => ({ status: 503 }));
    const other = await serve([b.port], [retries(["503"])], { limits: { heldBodyBytes: 1000 } });
    expect(statusOf(await exchange(other.port, post("x".repeat(5000))))).toBe(503);
    expect(b.seen).toHaveLength(1);
  });

  test("after a connection that broke, if `reset` is named", async () => {
    const a = await echo((_, count) => (count < 2 ? "reset" : { status: 200 }));
    const { port } = await serve([a.port], [retries(["reset"])]);
    expect(statusOf(await exchange(port, post("x")))).toBe(200);
    const b = await echo(() => "reset");
    const other = await serve([b.port], [retries(["409"])]);
    expect(statusOf(await exchange(other.port, post("x")))).toBe(502);
    expect(b.seen).toHaveLength(1);
  });

  test("perTryTimeout ends an attempt, and the next is begun", async () => {
    const a = await echo((_, count) => (count < 2 ? "hang" : { status: 200 }));
    const { port } = await serve([a.port], [retries(["5xx"], { perTrySeconds: 0.2 })]);
    expect(statusOf(await exchange(port, get()))).toBe(200);
  });
});

describe("mirrors", () => {
  const mirrored = (percent = 100) => forward("ns/r0", { mirrors: [{ target: { service: "ns/r1" }, percent }] });

  test("a copy with its body goes to the shadow; the client has the main answer", async () => {
    const [a, b] = [await echo(), await echo(() => ({ status: 500 }))];
    const { port } = await serve([a.port, b.port], [mirrored()]);
    const answer = await exchange(port, "POST /p HTTP/1.1\r\nHost: app.test:80\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
    expect(statusOf(answer)).toBe(200);
    await expect.poll(() => b.seen.length).toBe(1);
    expect(b.seen[0]).toMatchObject({ line: "POST /p", body: "body", headers: { host: "app.test-shadow:80" } });
    expect(a.seen[0]).toMatchObject({ body: "body", headers: { host: "app.test:80" } });
  });

  test("a shadow that hangs, or reads nothing, holds nobody up", async () => {
    const a = await echo();
    const deaf = await rawServer((socket) => socket.pause());
    const { port } = await serve([a.port, deaf.port], [mirrored()]);
    const body = "x".repeat(4_000_000);
    const answer = await exchange(
      port,
      `POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    expect(statusOf(answer)).toBe(200);
    expect(a.seen[0]?.body.length).toBe(body.length);
  });

  test("an answer that ran out of time is none that is whole, though it ends with words", async () => {
    const a = await echo();
    const hanging = await rawServer((socket) => socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"));
    const { port, client } = await serve([a.port, hanging.port], [mirrored()]);
    await client.putBackend(backend("ns/r1", [hanging.port], { timeoutSeconds: 1 }));
    const found: MirrorStats[] = [];
    client.onStats.on(({ revisions }) => found.push(...revisions.flatMap(({ mirrors = [] }) => mirrors)));
    await exchange(port, get("/"));
    await expect.poll(() => found.reduce((sum, { statusDiffers }) => sum + statusDiffers, 0), { timeout: 5000 }).toBe(1);
  });

  test("answers are compared: status, size and time, with the id that both were asked by", async () => {
    const wrong = (path: string) => ({ status: path === "/bad" ? 500 : 200, ...(path === "/long" ? { body: "a longer answer" } : {}) });
    const [a, b] = [await echo(), await echo(wrong)];
    const { port, client } = await serve([a.port, b.port], [mirrored()]);
    const found: MirrorStats[] = [];
    client.onStats.on(({ revisions }) => found.push(...revisions.flatMap(({ mirrors = [] }) => mirrors)));
    for (const path of ["/good", "/bad", "/long"]) await exchange(port, get(path));
    const total = (of: (stats: MirrorStats) => number) => found.reduce((sum, stats) => sum + of(stats), 0);
    await expect.poll(() => total(({ compared }) => compared), { timeout: 5000 }).toBe(3);
    expect([total(({ statusDiffers }) => statusDiffers), total(({ sizeDiffers }) => sizeDiffers)]).toEqual([1, 1]);
    expect(total(({ shadowLatency }) => shadowLatency.reduce((sum, count) => sum + count))).toBe(3);
    const samples = found.flatMap((stats) => stats.samples);
    expect(samples.map(({ path, main, shadow }) => [path, main.status, shadow.status, main.bytes, shadow.bytes])).toEqual([
      ["/bad", 200, 500, 8, 8],
      ["/long", 200, 200, 8, 15],
    ]);
    const ids = (seen: typeof a.seen) => seen.map(({ headers }) => headers["x-request-id"]);
    expect(ids(b.seen)).toEqual(ids(a.seen));
    expect(ids(a.seen)).toContain(samples[0]?.id);
    expect(found[0]?.main).toBe("ns/r0");
  });

  test("a shadow that is overrun, or whose client leaves, is left out of the comparison, and nobody waits for it", async () => {
    const a = await echo();
    const deaf = await rawServer((socket) => socket.pause());
    const { port, client } = await serve([a.port, deaf.port], [mirrored()]);
    let leftOut = 0;
    client.onStats.on(({ revisions }) => {
      for (const { mirrors = [] } of revisions) for (const stats of mirrors) leftOut += stats.leftOut;
    });
    const body = "x".repeat(4_000_000);
    await exchange(port, `POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
    await expect.poll(() => leftOut, { timeout: 5000 }).toBe(1);
  });

  test("at 0 percent there is none", async () => {
    const [a, b] = [await echo(), await echo()];
    const { port } = await serve([a.port, b.port], [mirrored(0)]);
    await exchange(port, get());
    expect([a.seen.length, b.seen.length]).toEqual([1, 0]);
  });
});

test("a request is remembered as its client sent it, with what became of it, and why if no instance answered", async () => {
  const a = await echo((path) => (path === "/new/reset" ? "reset" : { status: path === "/new/broken" ? 500 : 200, body: "thirteen byte" }));
  const { port, client } = await serve([a.port], [forward("ns/r0", { path: { uri: "/new/" }, matches: [{ uri: { prefix: "/old/" } }] })]);
  const found: SeenRequest[] = [];
  client.onStats.on(({ revisions }) => found.push(...revisions.flatMap(({ seen = [] }) => seen)));
  for (const path of ["/old/good?a=1", "/old/broken", "/old/reset"]) await exchange(port, get(path));
  await expect.poll(() => found.length, { timeout: 5000 }).toBe(3);
  expect(found.map(({ path, status, outcome, responseBytes, reason }) => ({ path, status, outcome, responseBytes, reason }))).toEqual([
    { path: "/old/good", status: 200, outcome: "complete", responseBytes: 13, reason: undefined },
    { path: "/old/broken", status: 500, outcome: "complete", responseBytes: 13, reason: undefined },
    { path: "/old/reset", status: 502, outcome: "complete", responseBytes: 0, reason: expect.stringContaining("without a whole answer") },
  ]);
  expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(a.seen.map(({ headers }) => headers["x-request-id"])));
});

test("CORS: preflights are answered here, origins are told of answers", async () => {
  const a = await echo(() => ({ status: 200, headers: { "Access-Control-Allow-Origin": "*" } }));
  const cors = {
    origins: [{ exact: "https://web.test" }],
    methods: ["GET", "POST"],
    headers: ["x-a"],
    expose: ["x-b"],
    maxAgeSeconds: 60,
    credentials: true,
    ignoreUnmatched: false,
  };
  const { port } = await serve([a.port], [forward("ns/r0", { cors })]);
  const preflight = (origin: string) =>
    `OPTIONS / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nOrigin: ${origin}\r\nAccess-Control-Request-Method: POST\r\n\r\n`;
  expect(await exchange(port, preflight("https://web.test"))).toMatch(
    /^HTTP\/1.1 200 OK\r\nAccess-Control-Allow-Origin: https:\/\/web.test\r\nAccess-Control-Allow-Credentials: true\r\nAccess-Control-Allow-Methods: GET,POST\r\nAccess-Control-Allow-Headers: x-a\r\nAccess-Control-Max-Age: 60\r\n/,
  );
  expect(a.seen).toHaveLength(0);
  await exchange(port, preflight("https://evil.test"));
  expect(a.seen).toHaveLength(1);
  const answer = await exchange(port, get("/", "Origin: https://web.test\r\n"));
  expect(answer.match(/Access-Control-Allow-Origin: .*/g)).toEqual(["Access-Control-Allow-Origin: https://web.test"]);
  expect(answer).toContain("Access-Control-Expose-Headers: x-b\r\n");
});

test("rules survive a restart of the gateway, and a probe is answered with the hashes of all who share a host", async () => {
  const a = await echo();
  const first = await serve([a.port], [forward("ns/r0", { matches: [{ uri: { prefix: "/a" } }] })]);
  await first.client.putRoute({
    key: "ns/other",
    hash: "h2",
    order: "1",
    hosts: [rule("app.test", "", { splits: [], rules: [forward()] })],
  });
  const probe = await exchange(first.port, get("/", "K-Network-Probe: probe\r\nK-Network-Hash: override\r\n"));
  expect(probe).toMatch(/K-Network-Hash: h,h2\r\n/);
  await first.client.stop();
  await first.gateway.stop();
  const second = await startGateway({ folder: first.folder });
  expect(statusOf(await exchange(second.port, get("/a")))).toBe(200);
});
