import { eventually, VirtualClock } from "@ebb/testkit";
import { describe, expect, test } from "vitest";
import type { Backend } from "./route-table.ts";
import { exchange, get, rawClient, rawServer, startWith } from "./test-gateway.ts";

const BEGUN = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart";

async function start(config: Partial<Backend>, answer = "") {
  const clock = new VirtualClock();
  const app = await rawServer((socket) => answer !== "" && socket.write(answer));
  const test = await startWith([app.port], config, { clock });
  const browser = await rawClient(test.port);
  return { clock, app, test, browser };
}

describe("of a request", () => {
  test("the whole: 504 before the answer begins, and the instance's connection is closed", async () => {
    const { clock, app, browser } = await start({ timeoutSeconds: 10 });
    browser.send(get());
    await eventually(() => app.received().includes("GET"));
    await clock.advance(9_800);
    expect(browser.text()).toBe("");
    await clock.advance(400);
    await browser.ended;
    expect(browser.text()).toMatch(/^HTTP\/1\.1 504 Gateway Timeout\r\n[^]*request timeout\n$/);
    await eventually(() => app.connections[0]?.destroyed);
  });

  test("the whole: cut once the answer has begun, with nothing added to it", async () => {
    const { clock, browser } = await start({ timeoutSeconds: 10 }, BEGUN);
    browser.send(get());
    await eventually(() => browser.text().endsWith("part"));
    await clock.advance(10_200);
    await browser.ended;
    expect(browser.text()).toMatch(/part$/);
    expect(browser.text()).not.toContain("504");
  });

  test("the whole: an answer without a length says so at its end, which it has, as Knative's", async () => {
    const { clock, app, browser } = await start(
      { timeoutSeconds: 10 },
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
    );
    browser.send(get());
    await eventually(() => browser.text().includes("part"));
    await clock.advance(10_200);
    await eventually(() => browser.text().endsWith("4\r\npart\r\nf\r\nrequest timeout\r\n0\r\n\r\n"));
    await eventually(() => app.connections[0]?.destroyed);
  });

  test.each(["Content-Encoding: gzip", "Content-Type: application/grpc"])("the whole: what is coded is cut, too (%s)", async (field) => {
    const answer = `HTTP/1.1 200 OK\r\n${field}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n`;
    const { clock, browser } = await start({ timeoutSeconds: 10 }, answer);
    browser.send(get());
    await eventually(() => browser.text().includes("part"));
    await clock.advance(10_200);
    await browser.ended;
    expect(browser.text()).toMatch(/part\r\n$/);
  });

  test("until the first byte of the answer", async () => {
    const { clock, app, browser } = await start({ timeoutSeconds: 100, responseStartTimeoutSeconds: 3 });
    browser.send(get());
    await eventually(() => app.received().includes("GET"));
    await clock.advance(3_200);
    await browser.ended;
    expect(browser.text()).toContain("504 Gateway Timeout");
  });

  test("between bytes of the answer: each byte starts it anew", async () => {
    const { clock, app, browser } = await start({ timeoutSeconds: 100, idleTimeoutSeconds: 3 }, BEGUN);
    browser.send(get());
    await eventually(() => browser.text().endsWith("part"));
    for (let i = 1; i <= 3; i++) {
      await clock.advance(2_000);
      app.connections[0]?.write(`more${i}`);
      await eventually(() => browser.text().endsWith(`more${i}`));
    }
    await clock.advance(3_200);
    await browser.ended;
    expect(browser.text()).toMatch(/more3$/);
  });
});

describe("of a client", () => {
  test("a head that drips in: 408 after its time, however lively it drips", async () => {
    const { clock, browser } = await start({});
    browser.send("GET / HTTP/1.1\r\n");
    for (let i = 0; i < 14; i++) {
      await clock.advance(1_000);
      browser.send(`X-${i}: y\r\n`);
    }
    expect(browser.text()).toBe("");
    await clock.advance(2_500);
    await eventually(() => browser.text().includes("408 Request Timeout"));
    await clock.advance(3_000);
    await browser.ended;
  });

  test("a connection that says nothing, before and between requests, is closed", async () => {
    const { clock, test, browser } = await start({}, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    const silent = await rawClient(test.port);
    browser.send("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n");
    await eventually(() => browser.text().endsWith("ok"));
    await eventually(() => test.gateway.totals().connections === 2);
    await clock.advance(16_000);
    await silent.ended;
    expect(browser.socket.destroyed).toBe(false);
    await clock.advance(62_000);
    await browser.ended;
    expect(browser.text()).toMatch(/ok$/);
  });
});

describe("an instance that misbehaves", () => {
  const cases: [name: string, answer: string, outcome: RegExp][] = [
    ["no HTTP", "SSH-2.0-OpenSSH\r\n", /^HTTP\/1\.1 502 /],
    ["a bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", /^HTTP\/1\.1 502 /],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", /^HTTP\/1\.1 502 /],
    ["both framings", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", /^HTTP\/1\.1 502 /],
    ["an endless head", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(70_000)}`, /^HTTP\/1\.1 502 /],
    ["101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\n\r\n", /^HTTP\/1\.1 502 /],
    ["endless interim answers", "HTTP/1.1 102 Processing\r\n\r\n".repeat(40), /HTTP\/1\.1 502 /],
    ["a bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n", /^HTTP\/1\.1 200 [^]*abc\r\n$/],
  ];
  test.each(cases)("%s", async (_name, answer, outcome) => {
    const app = await rawServer((socket) => socket.write(answer));
    const { port } = await startWith([app.port]);
    expect(await exchange(port, get())).toMatch(outcome);
  });

  test("an end in the middle of a body: the client can tell", async () => {
    const app = await rawServer((socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"));
    const { port, accessLog } = await startWith([app.port]);
    expect(await exchange(port, get())).toMatch(/3\r\nabc\r\n$/);
    expect(accessLog[0]?.outcome).toBe("cut");
  });

  test("an end without any answer on a fresh connection: what may be repeated is sent once more, then 502", async () => {
    const app = await rawServer((socket) => socket.end());
    const { port } = await startWith([app.port]);
    expect(await exchange(port, get())).toContain("502 Bad Gateway");
    expect(app.connections).toHaveLength(2);
  });

  test("an end on a kept connection counts: a request that ends its instance ends no third one", async () => {
    let asked = 0;
    const app = await rawServer((socket) => {
      if (asked++ === 0) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      else socket.destroy();
    });
    const { port } = await startWith([app.port]);
    expect(await exchange(port, get())).toMatch(/ok$/);
    expect(await exchange(port, get())).toContain("502 Bad Gateway");
    expect(asked).toBe(3);
    expect(app.connections).toHaveLength(2);
  });

  test("a port that takes connections for a moment longer than its program lives gets the second try when that is over", async () => {
    let killed: number | undefined;
    let asked = 0;
    const app = await rawServer((socket) => {
      asked++;
      if (asked === 2) killed = performance.now();
      if (killed !== undefined && performance.now() - killed < 8) socket.resetAndDestroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const { port } = await startWith([app.port]);
    expect(await exchange(port, get())).toMatch(/ok$/);
    expect(await exchange(port, get())).toMatch(/ok$/);
    expect([asked, app.connections.length]).toEqual([3, 2]);
  });

  test("the same of what must not be repeated: 502 at once", async () => {
    const app = await rawServer((socket) => socket.end());
    const { port } = await startWith([app.port]);
    expect(await exchange(port, "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")).toContain(
      "502 Bad Gateway",
    );
    expect(app.connections).toHaveLength(1);
  });

  test("an instance that is killed with a request under way: another one answers", async () => {
    const dying = await rawServer((socket) => socket.resetAndDestroy());
    const alive = await rawServer((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    const { port } = await startWith([dying.port, alive.port]);
    for (let i = 0; i < 20; i++) expect(await exchange(port, get())).toMatch(/ok$/);
    expect(dying.connections.length).toBeGreaterThan(0);
  });

  test("more than its answer: the surplus reaches nobody, and the connection is not used again", async () => {
    const app = await rawServer((socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale"),
    );
    const { port } = await startWith([app.port]);
    for (let i = 0; i < 3; i++) expect(await exchange(port, get())).toMatch(/\r\n\r\nok$/);
    expect(app.connections).toHaveLength(3);
  });

  test("bytes on an idle connection: closed, so that they answer no one's request", async () => {
    const app = await rawServer((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    const { port } = await startWith([app.port]);
    expect(await exchange(port, get())).toMatch(/ok$/);
    app.connections[0]?.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    await eventually(() => app.connections[0]?.destroyed);
    expect(await exchange(port, get())).toMatch(/ok$/);
  });

  test("a body that ends with the connection becomes chunked, and a reset cuts it", async () => {
    const app = await rawServer((socket, text) => {
      if (text.includes("/whole")) socket.end("HTTP/1.1 200 OK\r\n\r\nwhole");
      else {
        socket.write("HTTP/1.1 200 OK\r\n\r\nhalf");
        if (text.includes("/reset")) setTimeout(() => socket.resetAndDestroy(), 50);
      }
    });
    const { port } = await startWith([app.port]);
    expect(await exchange(port, get("/whole"))).toMatch(/5\r\nwhole\r\n0\r\n\r\n$/);
    expect(await exchange(port, get("/reset"))).toMatch(/4\r\nhalf\r\n$/);
  });
});
