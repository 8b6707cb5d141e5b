/**
 * The gateway under more than it can do, before instances that do everything wrong, and for long; with one worker and with two, by each protocol. `EBB_TEST_STRESS=20`
 * in the environment makes it as many times as long: the suite runs the short form.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { eventually } from "@ebb/testkit";
import { describe, expect, test } from "vitest";
import { startChildGateway, type ChildGateway } from "./child-gateway.ts";
import { clientOf, leave, type Asked, type Client } from "./clients.ts";
import { misbehave, startOrigin } from "./origin.ts";

const TIMES = Number(process.env["EBB_TEST_STRESS"] ?? 1);
const MIB = 1024 * 1024;
const LIMIT = TIMES * 60_000;

describe("load above what an instance can do", () => {
  const CONCURRENCY = 4;
  /** Knative's queue: ten times the concurrency of each instance. */
  const ROOM = CONCURRENCY + 10 * CONCURRENCY;
  const SERVED = TIMES * 250;

  test.each([
    ["HTTP/1.1", 1],
    ["HTTP/1.1", 2],
    ["HTTP/2", 2],
    ["WebSocket", 2],
  ] as const)(
    "%s, %i of workers: what is accepted is answered, the rest is refused sooner than anything is served, in bounded memory",
    async (protocol, workers) => {
      let busy = 0;
      let busiest = 0;
      const enter = () => (busiest = Math.max(busiest, ++busy));
      const listener: Parameters<typeof startOrigin>[0] = (_request, response) => {
        enter();
        setTimeout(() => {
          busy--;
          response.end("ok");
        }, 10);
      };
      const origin = await startOrigin(listener, (socket) => {
        enter();
        socket.once("close", () => busy--);
      });
      const gateway = await startChildGateway({ origin, workers, concurrency: CONCURRENCY });
      const before = await gateway.state();
      const agent = clientOf(protocol, gateway.port, 2 * ROOM);
      const served: number[] = [];
      const refused: number[] = [];
      const others: unknown[] = [];
      const client = async () => {
        while (served.length < SERVED && others.length === 0) {
          const began = performance.now();
          const status = await agent.ask().catch((error: unknown) => error);
          if (status === 200) served.push(performance.now() - began);
          else if (status === 503) refused.push(performance.now() - began);
          else others.push(status);
        }
      };
      await Promise.all(Array.from({ length: 2 * ROOM }, client));
      agent.close();
      const after = await gateway.state();
      console.log(
        `${protocol}, ${workers} of workers, ${2 * ROOM} clients, room for ${ROOM}: ${served.length} served, median ${median(served).toFixed(0)} ms; ` +
          `${refused.length} refused, median ${median(refused).toFixed(1)} ms; ${((after.rss - before.rss) / MIB).toFixed(0)} MiB more`,
      );
      expect(others).toEqual([]);
      expect(busiest).toBe(CONCURRENCY);
      expect(refused.length).toBeGreaterThan(0);
      expect(median(refused)).toBeLessThan(median(served));
      expect(after.heap - before.heap).toBeLessThan(8 * MIB);
      expect(after.rss - before.rss).toBeLessThan(64 * MIB);
    },
    LIMIT,
  );
});

test.each([1, 2])(
  "more connections than file descriptors, %i of workers: it refuses them before it runs out, goes on for those that it has, and takes others once they are gone",
  async (workers) => {
    const OPEN_FILES = 140;
    const origin = await startOrigin(misbehave);
    const gateway = await startChildGateway({ origin, workers, openFiles: OPEN_FILES });
    const client = () => clientOf("HTTP/1.1", gateway.port, 1);
    const early = client();
    expect(await early.ask()).toBe(200);
    const rest = await eventually(() => (gateway.openFiles() < 70 ? gateway.openFiles() : 0));
    const kept = new Set<Socket>();
    let most = 0;
    for (let opened = 0; opened < 2 * OPEN_FILES; opened++) {
      const socket = connect({ port: gateway.port, host: "127.0.0.1" });
      kept.add(socket);
      socket.on("error", () => undefined);
      // What it cannot keep it closes.
      socket.once("close", () => kept.delete(socket));
      await once(socket, "connect");
      most = Math.max(most, gateway.openFiles());
    }
    await eventually(() => kept.size < OPEN_FILES / 2);
    expect(kept.size).toBeGreaterThan(10);
    await expect(askOnce(client())).rejects.toThrow();
    // Its connection to the instance has ended meanwhile: it needs another.
    expect(await early.ask()).toBe(200);
    expect(most).toBeLessThan(OPEN_FILES - 10);
    for (const socket of kept) socket.destroy();
    await eventually(() => gateway.openFiles() <= rest, 10_000);
    for (let i = 0; i < 20; i++) expect(await askOnce(client())).toBe(200);
    early.close();
  },
  LIMIT,
);

test.each([1, 2])(
  "more requests over HTTP/2 than file descriptors, %i of workers: the instance gets them as there is room, and others are still taken",
  async (workers) => {
    const OPEN_FILES = 160;
    let busy = 0;
    const origin = await startOrigin((_request, response) => {
      busy++;
      setTimeout(() => {
        busy--;
        response.end("ok");
      }, 50);
    });
    const gateway = await startChildGateway({ origin, workers, openFiles: OPEN_FILES });
    const rest = await eventually(() => (gateway.openFiles() < 70 ? gateway.openFiles() : 0));
    const clients = Array.from({ length: 4 }, () => clientOf("HTTP/2", gateway.port, 1));
    let most = 0;
    const asks = clients.flatMap((client) => Array.from({ length: 200 }, () => client.ask()));
    const all = Promise.all(asks);
    await eventually(() => busy > 10);
    // One that comes meanwhile is taken.
    const newcomer = askOnce(clientOf("HTTP/2", gateway.port, 1));
    await eventually(() => {
      most = Math.max(most, gateway.openFiles());
      return busy === 0;
    }, 20_000);
    expect(new Set(await all)).toEqual(new Set([200]));
    expect(await newcomer).toBe(200);
    expect(most).toBeLessThan(OPEN_FILES - 10);
    for (const client of clients) client.close();
    await eventually(() => gateway.openFiles() <= rest, 10_000);
  },
  LIMIT,
);

describe("an instance that does everything wrong", () => {
  /** What becomes of each, and of everything that others ask it for at the same time. */
  const OUTCOMES: Readonly<Record<string, number | "broken">> = {
    "/garbage": 502,
    "/reset": 502,
    "/headers": 502,
    "/header": 502,
    "/stall": 504,
    "/cut": "broken",
    "/short": "broken",
    // Its time is over when it has begun: it ends with words, as Knative's queue-proxy ends it.
    "/pause": 200,
    "/": 200,
    "/long": 200,
  };

  test.each([
    ["HTTP/1.1", 1],
    ["HTTP/1.1", 2],
    ["HTTP/2", 1],
    ["HTTP/2", 2],
  ] as const)(
    "%s, %i of workers: each request has its own end, and nothing is left",
    async (protocol, workers) => {
      const origin = await startOrigin(misbehave);
      const gateway = await startChildGateway({ origin, workers, patience: 1 });
      const atRest = restOf(gateway, await gateway.state());
      const client = clientOf(protocol, gateway.port, 64);
      const found: Record<string, Set<unknown>> = {};
      const all = Object.keys(OUTCOMES).map(async (path) => {
        const seen = (found[path] = new Set());
        for (let time = 0; time < 2 * TIMES; time++) {
          const asks = Array.from({ length: 5 }, () => client.ask({ path }).catch(() => "broken"));
          for (const outcome of await Promise.all(asks)) seen.add(outcome);
        }
      });
      await Promise.all(all);
      client.close();
      expect(found).toEqual(Object.fromEntries(Object.entries(OUTCOMES).map(([path, outcome]) => [path, new Set([outcome])])));
      await atRest();
    },
    LIMIT,
  );
});

describe("a soak in seconds", () => {
  const WARM_UP = 2000;
  const EXCHANGES = TIMES * 3000;
  const CLIENTS = 16;

  test.each([1, 2])(
    "%i of workers: whatever clients and the instance do, nothing is left: no socket, no file, no timer, no memory",
    async (workers) => {
      const origin = await startOrigin(misbehave);
      const gateway = await startChildGateway({ origin, workers, concurrency: 8 });
      const first = await gateway.state();
      const atRest = restOf(gateway, first);
      await soak(gateway.port, WARM_UP, CLIENTS);
      const before = await atRest();
      await soak(gateway.port, EXCHANGES, CLIENTS);
      const after = await atRest();
      const each = (after.heap - before.heap) / EXCHANGES;
      const grown = (after.rss - before.rss) / MIB;
      console.log(
        `${EXCHANGES} exchanges, ${workers} of workers: ${each.toFixed(0)} bytes of heap more for each, ${grown.toFixed(0)} MiB of memory more, ` +
          `${JSON.stringify(first.resources)} as before`,
      );
      expect(each).toBeLessThan(150);
      expect(grown).toBeLessThan(48);
    },
    LIMIT,
  );
});

type State = Awaited<ReturnType<ChildGateway["state"]>>;

/** Waits until it holds no more than it did, and returns what it holds. */
function restOf(gateway: ChildGateway, { resources }: State): () => Promise<State> {
  const files = gateway.openFiles();
  return () =>
    eventually(async () => {
      const now = await gateway.state();
      const more = Object.entries(now.resources).some(([kind, count]) => count > (resources[kind] ?? 0));
      return !more && gateway.openFiles() <= files ? now : undefined;
    }, 20_000);
}

/** Every sort of exchange in turn, on a connection of its own or a kept one. */
async function soak(port: number, count: number, clients: number): Promise<void> {
  const kept = [clientOf("HTTP/1.1", port, clients), clientOf("HTTP/2", port, 1)];
  const own = (asked: Asked) => askOnce(clientOf("HTTP/1.1", port, 1), asked);
  const kinds: (() => Promise<unknown>)[] = [
    ...kept.flatMap((client) => [
      () => client.ask(),
      () => client.ask({ method: "POST", body: "x".repeat(2000) }),
      () => client.ask({ path: "/cut" }),
      () => client.ask({ path: "/garbage" }),
    ]),
    () => own({}),
    () => own({ path: "/reset" }),
    () => own({ path: "/short" }),
    () => clientOf("WebSocket", port, 1).ask(),
    () => leave(port, "GET /stall HTTP/1.1\r\nHost: app.test\r\n\r\n"),
    () => leave(port, "GET /long HTTP/1.1\r\nHost: app.test\r\n\r\n"),
    () => leave(port, "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100\r\n\r\nhalf"),
    () => leave(port, "GET / HT"),
  ];
  let next = 0;
  const client = async () => {
    for (let at = next++; at < count; at = next++) await kinds[at % kinds.length]?.().catch(() => undefined);
  };
  await Promise.all(Array.from({ length: clients }, client));
  for (const each of kept) each.close();
}

async function askOnce(client: Client, asked?: Asked): Promise<number> {
  try {
    return await client.ask(asked);
  } finally {
    client.close();
  }
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
