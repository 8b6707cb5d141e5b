import { Agent, createServer as createHttpServer, request } from "node:http";
import { eventually, VirtualClock } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { backend, deadPort, exchange, get, listen, rawClient, rawServer, startWith, type TestGateway } from "./test-gateway.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** An instance that answers only when told to. */
async function manual() {
  const app = await rawServer(() => {});
  return {
    ...app,
    open: () => app.connections.filter((socket) => !socket.destroyed),
    requests: () => app.received().split("GET ").length - 1,
  };
}

async function advanceUntil(clock: VirtualClock, step: number, condition: () => boolean): Promise<void> {
  await eventually(async () => {
    await clock.advance(step);
    return condition();
  });
}

async function put(test: TestGateway, ports: number[], more = {}): Promise<void> {
  await test.client.putBackend(backend("ns/app", ports, more));
}

describe("a sleeping backend", () => {
  test("is woken at once and each second, and those who wait are served in order of arrival", async () => {
    const clock = new VirtualClock();
    const app = await rawServer((socket) => socket.write(OK));
    const test = await startWith([], { containerConcurrency: 1, timeoutSeconds: 300 }, { clock });
    const browsers = [];
    for (let i = 0; i < 5; i++) {
      const browser = await rawClient(test.port);
      browser.send(get(`/${i}`));
      await eventually(() => test.gateway.totals().held === i + 1);
      browsers.push(browser);
    }
    expect(test.wakes).toEqual(["ns/app"]);
    await clock.advance(2_000);
    await eventually(() => test.wakes.length === 3);
    await put(test, [app.port], { containerConcurrency: 1 });
    await Promise.all(browsers.map((browser) => browser.ended));
    for (const browser of browsers) expect(browser.text()).toContain("200 OK");
    expect([...app.received().matchAll(/GET \/(\d)/g)].map((match) => match[1]).join("")).toBe("01234");
    await clock.advance(5_000);
    expect(test.wakes).toHaveLength(3);
  });

  test("whose instance starts is served when that accepts a connection, before the control plane says so", async () => {
    const test = await startWith([], { timeoutSeconds: 300 });
    const port = await deadPort();
    const starting = [{ id: "a", host: "127.0.0.1", port }];
    await put(test, [], { starting });
    const post = "POST / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";
    const waiting = [1, 2, 3].map(() => exchange(test.port, post));
    await eventually(() => test.gateway.totals().held === 3 && test.wakes.length > 0);
    const app = createHttpServer((_, response) => response.end("ok")).listen(port, "127.0.0.1");
    onTestFinished(() => void app.close());
    for (const text of await Promise.all(waiting)) expect(text).toContain("200 OK");
    expect(test.gateway.totals().retries).toBe(0);
  });

  test("that cannot be woken is answered 503 with the reason, also for those who wait already", async () => {
    const test = await startWith([]);
    const waiting = exchange(test.port, get());
    await eventually(() => test.gateway.totals().held === 1);
    await put(test, [], { unavailable: "the image cannot be pulled" });
    for (const text of [await waiting, await exchange(test.port, get())]) {
      expect(text).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n[^]*the image cannot be pulled\n$/);
    }
  });

  test("does not make another one wait", async () => {
    const app = await rawServer((socket) => socket.write(OK));
    const test = await startWith([]);
    const waiting = await rawClient(test.port);
    waiting.send(get());
    await eventually(() => test.wakes.length > 0);
    await test.client.putBackend(backend("ns/other", [app.port]));
    await test.client.putRoute({
      key: "ns/o",
      hash: "h",
      hosts: [{ host: "other.test", visibility: "external", splits: [{ revision: "ns/other", percent: 100 }], setHeaders: {} }],
    });
    expect(await exchange(test.port, get().replace("app.test", "other.test"))).toContain("200 OK");
    expect(waiting.text()).toBe("");
  });

  test("answers 504 when its time is over", async () => {
    const clock = new VirtualClock();
    const test = await startWith([], { timeoutSeconds: 2 }, { clock });
    const text = exchange(test.port, get());
    await eventually(() => test.gateway.totals().held === 1);
    await clock.advance(2_200);
    await advanceUntil(clock, 100, () => true);
    expect(await text).toMatch(/^HTTP\/1\.1 504 Gateway Timeout\r\n[^]*request timeout\n$/);
  });

  test("forgets a client that has left, and reads little of a body that waits", async () => {
    const app = await rawServer((socket) => socket.write(OK));
    const test = await startWith([]);
    const gone = await rawClient(test.port);
    gone.send(get("/gone"));
    const sender = await rawClient(test.port);
    sender.send("POST /kept HTTP/1.1\r\nHost: app.test\r\nContent-Length: 50000000\r\n\r\n");
    sender.send(Buffer.alloc(50_000_000));
    await eventually(() => test.gateway.totals().held === 2);
    gone.socket.destroy();
    await eventually(() => test.accessLog.length === 1);
    expect(test.accessLog[0]).toMatchObject({ status: 499, outcome: "client-gone", path: "/gone" });
    // What is not with the client any more is in the kernel's buffers or in the gateway's small one.
    expect(sender.socket.writableLength).toBeGreaterThan(30_000_000);
    await put(test, [app.port]);
    await eventually(() => app.received().length > 0 && sender.text().includes("200 OK"));
    expect(app.received()).not.toContain("/gone");
  });

  test("lets 10,000 wait, and refuses the next at once", async () => {
    const test = await startWith([], {}, { limits: { heldRequests: 10_000 } });
    const { client, port } = test;
    await client.putBackend(backend("ns/app", [], { timeoutSeconds: 600 }));
    // Over HTTP/2 a few connections carry them all.
    const { connect } = await import("node:http2");
    const sessions = Array.from({ length: 41 }, () => connect(`http://127.0.0.1:${port}`));
    const statuses: number[] = [];
    const bodies: string[] = [];
    for (let i = 0; i < 10_003; i++) {
      const stream = sessions[Math.floor(i / 250)]?.request({ ":path": "/", ":authority": "app.test" });
      stream?.on("response", (headers) => statuses.push(Number(headers[":status"])));
      stream?.on("data", (chunk: Buffer) => bodies.push(chunk.toString()));
      stream?.on("error", () => {});
    }
    await eventually(() => bodies.length === 3, 20_000);
    expect(statuses).toEqual([503, 503, 503]);
    expect(new Set(bodies)).toEqual(new Set(["pending request queue full\n"]));
    expect(test.gateway.totals().held).toBe(10_000);
    const app = await rawServer((socket, text) => {
      for (const _ of text.matchAll(/\r\n\r\n/g)) socket.write("HTTP/1.1 204 No Content\r\n\r\n");
    });
    await put(test, [app.port], { containerConcurrency: 50 });
    await eventually(() => statuses.filter((status) => status === 204).length === 10_000, 25_000);
    for (const session of sessions) session.destroy();
  });
});

describe("limits", () => {
  test("no instance has more requests than its limit; ten times that may wait; the next is refused", async () => {
    const apps = [await manual(), await manual()];
    const test = await startWith(
      apps.map((app) => app.port),
      { containerConcurrency: 2 },
    );
    const browsers = [];
    for (let i = 0; i < 4 + 40; i++) {
      const browser = await rawClient(test.port);
      browser.send(get());
      browsers.push(browser);
    }
    await eventually(() => apps.every((app) => app.requests() === 2) && test.gateway.totals().held === 40);
    expect(await exchange(test.port, get())).toMatch(/503 Service Unavailable[^]*pending request queue full/);
    let most = 0;
    while (browsers.some((browser) => !browser.socket.destroyed)) {
      most = Math.max(most, ...apps.map((app) => app.open().length));
      for (const socket of apps.flatMap((app) => app.open())) socket.end(OK.replace("\r\n", "\r\nConnection: close\r\n"));
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const browser of browsers) expect(browser.text()).toContain("200 OK");
    expect(most).toBeLessThanOrEqual(2);
  });
});

describe("an instance that is removed", () => {
  test("finishes what it has; drain tells when; its idle connections are closed", async () => {
    const [old, fresh] = [await manual(), await rawServer((socket) => socket.write(OK))];
    const test = await startWith([old.port]);
    const browser = await rawClient(test.port);
    browser.send(get("/old"));
    await eventually(() => old.requests() === 1);
    await put(test, [fresh.port]);
    const drained = test.client.drain(`ns/app-${old.port}`, 60);
    expect(await exchange(test.port, get("/new"))).toContain("200 OK");
    old.connections[0]?.write(OK);
    expect(await drained).toBe(0);
    await browser.ended;
    expect(browser.text()).toContain("200 OK");
    await eventually(() => old.open().length === 0);
    expect(await test.client.drain("ns/app-nobody", 60)).toBe(0);
  });

  test("a WebSocket keeps it for half a minute, not for as long as it is open", async () => {
    const clock = new VirtualClock();
    const old = await rawServer((socket) =>
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    );
    const test = await startWith([old.port], { timeoutSeconds: 600 }, { clock });
    const browser = await rawClient(test.port);
    browser.send("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n");
    await eventually(() => browser.text().includes("101"));
    await put(test, []);
    let left = -1;
    void test.client.drain(`ns/app-${old.port}`, 600).then((inFlight) => (left = inFlight));
    const began = clock.monotonic();
    await advanceUntil(clock, 1_000, () => left >= 0);
    expect(left).toBe(1);
    expect(clock.monotonic() - began).toBeLessThan(300_000);
    expect(browser.socket.destroyed).toBe(false);
  });

  test("drain gives up after its time and says what is left", async () => {
    const clock = new VirtualClock();
    const old = await manual();
    const test = await startWith([old.port], {}, { clock });
    const browser = await rawClient(test.port);
    browser.send(get());
    await eventually(() => old.requests() === 1);
    await put(test, []);
    let left = -1;
    void test.client.drain(`ns/app-${old.port}`, 5).then((inFlight) => (left = inFlight));
    await advanceUntil(clock, 1_000, () => left >= 0);
    expect(left).toBe(1);
  });
});

test("a change of versions under load loses no request, though each old instance ends as soon as it is drained", async () => {
  const version = (name: string) => {
    const server = createHttpServer((_request, response) => setTimeout(() => response.end(name), 5));
    return listen(server).then((port) => ({ port, server, name }));
  };
  let current = await version("v0");
  const test = await startWith([current.port]);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  onTestFinished(() => agent.destroy());
  const seen = new Map<string, number>();
  let running = true;
  const load = Array.from({ length: 16 }, async (_, i) => {
    for (let n = 0; running; n++) {
      const text = await fetchText(test.port, agent, (i + n) % 2 === 0 ? "GET" : "POST");
      seen.set(text, (seen.get(text) ?? 0) + 1);
    }
  });
  for (let i = 1; i <= 10; i++) {
    const next = await version(`v${i}`);
    await put(test, [next.port]);
    expect(await test.client.drain(`ns/app-${current.port}`, 10)).toBe(0);
    current.server.closeAllConnections();
    current.server.close();
    current = next;
    const before = seen.get(`200 v${i}`) ?? 0;
    await eventually(() => (seen.get(`200 v${i}`) ?? 0) > before + 20);
  }
  running = false;
  await Promise.all(load);
  expect([...seen.keys()].filter((text) => !text.startsWith("200 v"))).toEqual([]);
  current.server.closeAllConnections();
  current.server.close();
});

function fetchText(port: number, agent: Agent, method: string): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request({
      port,
      host: "127.0.0.1",
      agent,
      method,
      headers: { host: "app.test", "content-length": method === "POST" ? 4 : 0 },
    });
    outgoing.on("error", (error) => resolve(error.message));
    outgoing.on("response", (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve(`${response.statusCode} ${body}`));
    });
    outgoing.end(method === "POST" ? "body" : "");
  });
}

describe("an instance that refuses connections", () => {
  test("is passed over, whatever the method, as nothing was sent", async () => {
    const app = await rawServer((socket) => socket.write(OK));
    const test = await startWith([await deadPort(), app.port], { containerConcurrency: 1 });
    const post = "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
    for (let i = 0; i < 3; i++) expect(await exchange(test.port, post)).toContain("200 OK");
    expect(test.gateway.totals().retries).toBeGreaterThan(0);
  });

  test("is waited for a while when there is no other, with wakes; then 502", async () => {
    const clock = new VirtualClock();
    const test = await startWith([await deadPort()], {}, { clock });
    let text = "";
    void exchange(test.port, get()).then((all) => (text = all));
    await advanceUntil(clock, 100, () => text !== "");
    expect(text).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n[^]*no instance of the application accepts connections/);
    expect(clock.monotonic()).toBeGreaterThan(5_000);
    expect(test.wakes.length).toBeGreaterThan(0);
  });

  test("is replaced while its requests wait: they are served", async () => {
    const app = await rawServer((socket) => socket.write(OK));
    const test = await startWith([await deadPort()]);
    const text = exchange(test.port, get());
    await eventually(() => test.gateway.totals().retries > 0);
    await put(test, [app.port]);
    expect(await text).toContain("200 OK");
  });
});

test("an instance that accepts again is tried although a stream of before is still open on it", async () => {
  const clock = new VirtualClock();
  const app = createHttpServer((message, response) => {
    if (message.url === "/stream") response.write("begun");
    else response.end("ok");
  });
  const port = await listen(app);
  onTestFinished(() => app.close().closeAllConnections());
  const test = await startWith([port], {}, { clock });
  const stream = await rawClient(test.port);
  stream.send(get("/stream"));
  await eventually(() => stream.text().includes("begun"));
  // No connection more, and those that there are stay.
  app.close();
  let text = "";
  void exchange(test.port, get("/next")).then((all) => (text = all));
  await eventually(() => test.gateway.totals().retries > 0);
  app.listen(port, "127.0.0.1");
  await advanceUntil(clock, 100, () => text !== "");
  expect(text).toContain("200 OK");
});

test("a kept connection that has gone stale: what may be repeated is; what may not goes over a fresh one", async () => {
  // Each connection answers once, and ends when the next request arrives, as a server does whose idle time ran out.
  const app = await rawServer((socket, text, connection) => {
    if (app.connections[connection]?.bytesWritten === 0) socket.write(OK);
    else socket.destroy();
    void text;
  });
  const clock = new VirtualClock();
  const test = await startWith([app.port], {}, { clock });
  expect(await exchange(test.port, get("/1"))).toContain("200 OK");
  const second = exchange(test.port, get("/2"));
  await eventually(() => test.gateway.totals().retries === 1);
  await clock.advance(20);
  expect(await second).toContain("200 OK");
  await clock.advance(1_500);
  expect(await exchange(test.port, "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")).toContain(
    "200 OK",
  );
  expect(test.gateway.totals().retries).toBe(1);
  expect(app.connections).toHaveLength(3);
});
