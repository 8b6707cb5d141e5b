import { createServer, type ServerHttp2Session } from "node:http2";
import { eventually, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { backend, exchange, get, listen, rawServer, rule, startWith } from "../test-gateway.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** An instance that answers only when told to. */
async function manual() {
  const app = await rawServer(() => {});
  const open = () => app.connections.filter((socket) => !socket.destroyed);
  return { ...app, open, requests: () => app.received().split("GET ").length - 1 };
}

test("no more connections to instances are open than may be; other requests wait, in order of arrival, and are served", async () => {
  const app = await manual();
  const { port, gateway } = await startWith([app.port], {}, { limits: { upstreamConnections: 2 } });
  const answers: Promise<string>[] = [];
  for (let i = 0; i < 6; i++) {
    answers.push(exchange(port, get(`/${i}`)));
    await eventually(() => gateway.totals().requests["http/1.1"] === i + 1 && app.requests() === Math.min(2, i + 1));
  }
  for (let served = 0; served < 6; served += 2) {
    await eventually(() => app.requests() === served + 2 && app.open().length === 2);
    for (const socket of app.open()) socket.write(OK);
  }
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/ok$/);
  const order = [...app.received().matchAll(/GET \/(\d)/g)].map((match) => Number(match[1]));
  expect([0, 2, 4].map((at) => order.slice(at, at + 2).toSorted())).toEqual([
    [0, 1],
    [2, 3],
    [4, 5],
  ]);
});

test("one that is idle makes room for another, be it of HTTP/1.1 or of HTTP/2", async () => {
  const one = await rawServer((socket) => socket.write(OK));
  const sessions: ServerHttp2Session[] = [];
  const two = createServer((_, response) => response.end("two")).on("session", (session) => void sessions.push(session));
  const h2Port = await listen(two);
  onTestFinished(() => void two.close());
  const { port, client } = await startWith([one.port], {}, { limits: { upstreamConnections: 1 } });
  await client.putBackend(backend("ns/two", [h2Port], { protocol: "h2c" }));
  await client.putRoute({ key: "ns/two", hash: "h", hosts: [rule("two.test", "ns/two")] });
  const askTwo = () => exchange(port, get().replace("app.test", "two.test"));
  for (const times of [1, 2]) {
    expect(await exchange(port, get())).toMatch(/ok$/);
    expect(await askTwo()).toContain("two");
    await eventually(() => one.connections.length === times && one.connections.every((socket) => socket.destroyed));
    expect(await askTwo()).toContain("two");
    expect(sessions).toHaveLength(times);
  }
});

test("who finds no place in time is told so, and nothing is thought of the instance", async () => {
  const clock = new VirtualClock();
  const app = await manual();
  const { port, gateway, wakes } = await startWith([app.port], {}, { clock, limits: { upstreamConnections: 1 } });
  const first = exchange(port, get());
  await eventually(() => app.requests() === 1);
  const second = exchange(port, get());
  await eventually(() => gateway.totals().requests["http/1.1"] === 2);
  await clock.advance(3_200);
  expect(await second).toMatch(/^HTTP\/1\.1 503 [^]*as many connections to instances are open as this gateway may have\n$/);
  const third = exchange(port, get());
  await eventually(() => gateway.totals().requests["http/1.1"] === 3);
  app.open()[0]?.write(OK);
  expect(await first).toMatch(/ok$/);
  await eventually(() => app.requests() === 2);
  app.open()[0]?.write(OK);
  expect(await third).toMatch(/ok$/);
  expect([gateway.totals().retries, wakes]).toEqual([0, []]);
});
