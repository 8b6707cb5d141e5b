import { once } from "node:events";
import { Agent, createServer, request, type RequestListener } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { eventually, httpRequest } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { startChildGateway } from "./child-gateway.ts";

const HOST = "127.0.0.1";
const MIB = 1024 * 1024;

describe("load above what an instance can do", () => {
  const CONCURRENCY = 4;
  /** Knative's queue: ten times the concurrency of each instance. */
  const ROOM = CONCURRENCY + 10 * CONCURRENCY;

  test("what is accepted is answered, the rest is refused sooner than anything is served, in bounded memory", async () => {
    let busy = 0;
    let busiest = 0;
    const origin = await startOrigin((_request, response) => {
      busiest = Math.max(busiest, ++busy);
      setTimeout(() => {
        busy--;
        response.end("ok");
      }, 10);
    });
    const gateway = await startChildGateway({ origin, concurrency: CONCURRENCY });
    const before = await gateway.state();
    const agent = new Agent({ keepAlive: true, maxSockets: 2 * ROOM });
    const served: number[] = [];
    const refused: number[] = [];
    const others: unknown[] = [];
    const client = async () => {
      while (served.length < 1000) {
        const began = performance.now();
        const status = await answer(gateway.port, agent).catch((error: unknown) => error);
        if (status === 200) served.push(performance.now() - began);
        else if (status === 503) refused.push(performance.now() - began);
        else others.push(status);
      }
    };
    await Promise.all(Array.from({ length: 2 * ROOM }, client));
    agent.destroy();
    const after = await gateway.state();
    console.log(
      `${2 * ROOM} clients, room for ${ROOM}: ${served.length} served, median ${median(served).toFixed(0)} ms; ` +
        `${refused.length} refused, median ${median(refused).toFixed(1)} ms; ${((after.rss - before.rss) / MIB).toFixed(0)} MiB more`,
    );
    expect(others).toEqual([]);
    expect(busiest).toBe(CONCURRENCY);
    expect(refused.length).toBeGreaterThan(0);
    expect(median(refused)).toBeLessThan(median(served) / 2);
    expect(after.heap - before.heap).toBeLessThan(8 * MIB);
    expect(after.rss - before.rss).toBeLessThan(64 * MIB);
  });
});

test("out of file descriptors: it goes on, and serves as before once they are free", async () => {
  const OPEN_FILES = 120;
  const origin = await startOrigin((_request, response) => response.end("ok"));
  const gateway = await startChildGateway({ origin, openFiles: OPEN_FILES });
  expect(await get(gateway.port)).toBe("ok");
  const rest = await eventually(() => (gateway.openFiles() < 40 ? gateway.openFiles() : 0));
  const kept = new Set<Socket>();
  let opened = 0;
  for (; opened < 2 * OPEN_FILES; opened++) {
    const socket = connect({ port: gateway.port, host: HOST });
    kept.add(socket);
    socket.on("error", () => undefined);
    // What it cannot keep it closes.
    socket.once("close", () => kept.delete(socket));
    await once(socket, "connect");
  }
  await eventually(() => gateway.openFiles() >= OPEN_FILES - 2);
  await expect(get(gateway.port)).rejects.toThrow();
  for (const socket of kept) socket.destroy();
  await eventually(() => gateway.openFiles() <= rest, 10_000);
  for (let i = 0; i < 20; i++) expect(await get(gateway.port)).toBe("ok");
});

describe("a soak in seconds", () => {
  const WARM_UP = 4000;
  const EXCHANGES = 8000;
  const CLIENTS = 16;

  test("whatever clients and the instance do, nothing is left: no socket, no file, no timer, no memory", async () => {
    const origin = await startOrigin(misbehave);
    const gateway = await startChildGateway({ origin, concurrency: 8 });
    const rest = (await gateway.state()).resources;
    const files = gateway.openFiles();
    const atRest = async () => {
      const state = await eventually(async () => {
        const now = await gateway.state();
        const isAtRest = JSON.stringify(now.resources) === JSON.stringify(rest) && gateway.openFiles() <= files;
        return isAtRest ? now : undefined;
      }, 20_000);
      return state.heap;
    };
    await soak(gateway.port, WARM_UP, CLIENTS);
    const before = await atRest();
    await soak(gateway.port, EXCHANGES, CLIENTS);
    const after = await atRest();
    const each = (after - before) / EXCHANGES;
    console.log(`${EXCHANGES} exchanges: ${each.toFixed(0)} bytes of heap more for each, ${JSON.stringify(rest)} as before`);
    expect(each).toBeLessThan(100);
  });
});

/** By the path: whole, cut, never, too late. */
const misbehave: RequestListener = (request, response) => {
  switch (request.url) {
    case "/cut":
      response.write("some");
      return void setImmediate(() => response.destroy());
    case "/reset":
      return request.socket.resetAndDestroy();
    case "/garbage":
      return void request.socket.end("SSH-2.0-OpenSSH\r\n");
    case "/never":
      return;
    case "/long":
      return void response.end(Buffer.alloc(256 * 1024));
    case undefined:
    default:
      request.resume();
      return void request.once("end", () => response.end("ok"));
  }
};

/** Every sort of exchange in turn, on a connection of its own or a kept one. */
async function soak(port: number, count: number, clients: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const kinds: (() => Promise<unknown>)[] = [
    () => answer(port, agent),
    () => answer(port, agent, { method: "POST", body: "x".repeat(2000) }),
    () => get(port),
    () => get(port, "/cut"),
    () => get(port, "/reset"),
    () => get(port, "/garbage"),
    () => leave(port, "GET /never HTTP/1.1\r\nHost: app.test\r\n\r\n"),
    () => leave(port, "GET /long HTTP/1.1\r\nHost: app.test\r\n\r\n"),
    () => leave(port, "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100\r\n\r\nhalf"),
    () => leave(port, "GET / HT"),
  ];
  let next = 0;
  const client = async () => {
    for (let at = next++; at < count; at = next++) await kinds[at % kinds.length]?.().catch(() => undefined);
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
}

/** Sends that and resets the connection. */
async function leave(port: number, bytes: string): Promise<void> {
  const socket = connect({ port, host: HOST });
  await once(socket, "connect");
  await new Promise((resolve) => socket.write(bytes, resolve));
  socket.resetAndDestroy();
}

async function get(port: number, path = "/"): Promise<string> {
  return (await httpRequest({ host: HOST, port }, { host: "app.test", path })).body;
}

/** The status of one exchange. */
function answer(port: number, agent: Agent, { method = "GET", body = "" } = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: HOST, port, agent, method, headers: { host: "app.test" } }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", reject);
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

async function startOrigin(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, HOST);
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
