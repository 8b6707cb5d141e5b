import { watch } from "node:fs";
import type { Socket } from "node:net";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually, tempDir } from "@ebb/testkit";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { AccessLogEntry } from "../core/access-log.ts";
import type { Backend } from "../route-table.ts";
import { backend, exchange, get, rawClient, rawServer, rule } from "../test-gateway.ts";
import { WorkerPool } from "./worker-pool.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const WORKERS = 3;

async function startPool(ports: readonly number[], config: Partial<Backend> = {}) {
  const accessLog: AccessLogEntry[] = [];
  const wakes: string[] = [];
  const pool = new WorkerPool(
    {
      listeners: [{ host: "127.0.0.1", port: 0, visibility: "external" }],
      ownCertificate: undefined,
      limits: { stopGrace: 100 },
      traceSampling: 1,
      counts: undefined,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      accessLog: (entry) => void accessLog.push(entry),
      transport: process.env["EBB_TEST_TRANSPORT"] === "documented" ? "documented" : "native",
    },
    WORKERS,
  );
  pool.onWake.on((revision) => wakes.push(revision));
  const routes = [{ key: "ns/app", hash: "h", hosts: [rule("app.test", "ns/app")] }];
  pool.load({ routes, backends: [backend("ns/app", ports, config)], certificates: [] });
  await pool.listen();
  onTestFinished(() => pool.stop());
  const put = (more: readonly number[], changed: Partial<Backend> = config) =>
    pool.plane.apply({ type: "backend", seq: 0, backend: backend("ns/app", more, changed) });
  const numbers = async () => {
    const [stats] = await pool.plane.stats();
    return { queued: stats?.queued ?? 0, inFlight: stats?.inFlight ?? 0 };
  };
  return { pool, port: pool.addresses()[0]?.port ?? 0, accessLog, wakes, put, numbers };
}

/** Answers when it is told to, and knows how many it had at once. */
async function slowApp() {
  const open: { socket: Socket; path: string }[] = [];
  const order: string[] = [];
  let most = 0;
  const app = await rawServer((socket, text) => {
    const path = text.split(" ")[1] ?? "";
    open.push({ socket, path });
    order.push(path);
    most = Math.max(most, open.length);
  });
  return {
    port: app.port,
    order,
    most: () => most,
    open: () => open.length,
    answer: () => void open.shift()?.socket.write(OK),
  };
}

describe("limits hold over all workers", () => {
  test("an instance never has more than its limit, and everybody is served", async () => {
    const app = await slowApp();
    const { port, accessLog } = await startPool([app.port], { containerConcurrency: 2 });
    const answers = Array.from({ length: 20 }, () => exchange(port, get()));
    for (let i = 0; i < 20; i++) {
      await eventually(() => app.open() > 0);
      // What must not happen would come now.
      await new Promise((resolve) => setTimeout(resolve, 5));
      app.answer();
    }
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/ok$/);
    expect(app.most()).toBe(2);
    await eventually(() => accessLog.length === 20);
  });

  test("who wait are served in the order in which they came, whichever worker they came to", async () => {
    const app = await slowApp();
    const { port, numbers } = await startPool([app.port], { containerConcurrency: 1 });
    const answers: Promise<string>[] = [];
    for (let i = 0; i < 10; i++) {
      answers.push(exchange(port, get(`/${i}`)));
      await eventually(async () => (await numbers()).queued === i && app.open() === 1);
    }
    for (let i = 0; i < 10; i++) {
      await eventually(() => app.open() === 1);
      app.answer();
    }
    await Promise.all(answers);
    expect(app.order).toEqual(answers.map((_, i) => `/${i}`));
  });

  test("ten times the limit may wait, and not one more", async () => {
    const app = await slowApp();
    const { port, numbers } = await startPool([app.port], { containerConcurrency: 1 });
    const answers = Array.from({ length: 15 }, () => exchange(port, get()));
    await eventually(async () => (await numbers()).queued === 10);
    let refused = 0;
    for (const answer of answers) void answer.then((text) => text.includes("503") && refused++);
    await eventually(() => refused === 4);
    for (let i = 0; i < 11; i++) {
      await eventually(() => app.open() === 1);
      app.answer();
    }
    expect((await Promise.all(answers)).filter((text) => text.endsWith("ok"))).toHaveLength(11);
  });
});

test("a sleeping backend is woken once for all workers, and all that wait are served when it is there", async () => {
  const app = await rawServer((socket) => socket.write(OK));
  const { port, wakes, put, numbers } = await startPool([]);
  const answers = Array.from({ length: 12 }, () => exchange(port, get()));
  await eventually(async () => (await numbers()).queued === 12);
  expect(wakes).toEqual(["ns/app"]);
  await put([app.port]);
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/ok$/);
});

test("statistics are those of all workers; drain waits for all of them", async () => {
  const app = await slowApp();
  const { pool, port, put, numbers } = await startPool([app.port]);
  const answers = Array.from({ length: 12 }, () => exchange(port, get()));
  await eventually(async () => app.open() === 12 && (await numbers()).inFlight === 12);
  await put([]);
  let left = -1;
  pool.plane.drain(`ns/app-${app.port}`, 10, (inFlight) => (left = inFlight));
  for (let i = 0; i < 11; i++) app.answer();
  await eventually(async () => (await numbers()).inFlight === 1);
  expect(left).toBe(-1);
  app.answer();
  await eventually(() => left === 0);
  await Promise.all(answers);
  const [stats] = await pool.plane.stats();
  expect(stats?.traffic.responses).toEqual({ "2xx": 12 });
});

test("a worker that is killed takes its own connections only; its places are free again, and another takes over", async () => {
  const app = await slowApp();
  const { pool, port, numbers } = await startPool([app.port], { containerConcurrency: 12 });
  const clients = await Promise.all(Array.from({ length: 12 }, () => rawClient(port)));
  for (const client of clients) client.send("GET /held HTTP/1.1\r\nHost: app.test\r\n\r\n");
  await eventually(async () => (await numbers()).inFlight === 12 && app.open() === 12);
  let cut = 0;
  for (const client of clients) void client.ended.then(() => cut++);
  const [victim] = pool.threads;
  await victim?.kill();
  await eventually(() => pool.threads.length === WORKERS && !pool.threads.includes(victim as never));
  await eventually(() => cut > 0);
  expect(cut).toBeLessThan(12);
  const lost = cut;
  await eventually(async () => (await numbers()).inFlight === 12 - lost);
  // As many places as were lost, and not one more, are free.
  const more = Array.from({ length: lost + 1 }, () => exchange(port, get("/more")));
  await eventually(async () => app.open() === 12 + lost && (await numbers()).queued === 1);
  for (let i = 0; i < 13 + lost; i++) {
    await eventually(() => app.open() > 0);
    app.answer();
  }
  for (const answer of await Promise.all(more)) expect(answer).toMatch(/ok$/);
  expect(cut).toBe(lost);
});

test("a worker that takes the place of another has what changed meanwhile", async () => {
  const app = await rawServer((socket) => socket.write(OK));
  const { pool, port } = await startPool([app.port]);
  const killed = pool.threads[1]?.kill();
  await pool.plane.apply({ type: "route", seq: 0, route: { key: "ns/new", hash: "h", hosts: [rule("new.test", "ns/app")] } });
  await killed;
  await eventually(() => pool.threads.length === WORKERS);
  await Promise.all(pool.threads.map((thread) => thread.listening));
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => exchange(port, "GET / HTTP/1.1\r\nHost: new.test\r\nConnection: close\r\n\r\n")),
  );
  for (const answer of answers) expect(answer).toMatch(/ok$/);
});

test("what its workers no longer need is given back to the machine, while they serve", async () => {
  const app = await rawServer((socket) => void socket.write(OK));
  const { pool, port } = await startPool([app.port]);
  const hosts = Array.from({ length: 20_000 }, (_, i) => rule(`${i}.${"long.".repeat(20)}test`, "ns/app"));
  const routes = pool.plane.table.routes;
  const sync = (more: typeof routes) =>
    pool.plane.apply({ type: "sync", seq: 0, table: { ...pool.plane.table, routes: [...routes, ...more] } });
  await sync(hosts.map((host) => ({ key: host.host, hash: "h", hosts: [host] })));
  await sync([]);
  const before = process.memoryUsage.rss();
  const compacted = pool.compact();
  expect(await exchange(port, get())).toContain("ok");
  await compacted;
  expect(before - process.memoryUsage.rss()).toBeGreaterThan(16 * 1024 * 1024);
});

test("a worker that ends while another rehearses keeps nobody waiting, and the one in its place rehearses, too", async () => {
  const { path, remove } = await tempDir("ebb-rehearsals-");
  vi.stubEnv("TMPDIR", path);
  const rehearsals = new Set<string | null>();
  const watcher = watch(path, (_, name) => void rehearsals.add(name));
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    watcher.close();
    await remove();
  });
  const { pool } = await startPool([]);
  const [, victim] = pool.threads;
  const rehearsed = pool.rehearse();
  await eventually(() => rehearsals.size === 1);
  await victim?.kill();
  expect(await victim?.ask({ type: "stats" })).toBeUndefined();
  await rehearsed;
  await eventually(() => rehearsals.size === WORKERS);
});
