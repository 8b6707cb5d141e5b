import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually, tempDir } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Backend, StartingEndpoint } from "../route-table.ts";
import { backend, deadPort, exchange, get, rule } from "../test-gateway.ts";
import { WorkerPool } from "./worker-pool.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const WORKERS = 3;
const REQUESTS = 12;

/** Three workers before one version that starts; nobody tells them that it is ready. */
async function startPool(starting: readonly Omit<StartingEndpoint, "host">[], containerConcurrency = 0) {
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
      accessLog: undefined,
      transport: "native",
    },
    WORKERS,
  );
  pool.onWake.on((revision) => wakes.push(revision));
  const put: Backend = {
    ...backend("ns/app", [], { containerConcurrency }),
    starting: starting.map((endpoint) => ({ host: "127.0.0.1", ...endpoint })),
  };
  pool.load({ routes: [{ key: "ns/app", hash: "h", hosts: [rule("app.test", "ns/app")] }], backends: [put], certificates: [] });
  await pool.listen();
  onTestFinished(() => pool.stop());
  const port = pool.addresses()[0]?.port ?? 0;
  const queued = async () => (await pool.plane.stats())[0]?.queued ?? 0;
  return { pool, port, wakes, queued };
}

/** An instance at that port; answers when it is told to. */
async function startApp(port: number) {
  const open: (() => void)[] = [];
  let most = 0;
  let served = 0;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => {
      open.push(() => socket.write(OK));
      served++;
      most = Math.max(most, open.length);
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { open: () => open.length, most: () => most, served: () => served, answer: () => open.shift()?.() };
}

const ask = (port: number) => Array.from({ length: REQUESTS }, () => exchange(port, get()));

describe("an instance that starts, tried by several workers", () => {
  test("as soon as it listens all of them give it what waits, although the first request lasts and nobody says that it is ready", async () => {
    const appPort = await deadPort();
    const { port, queued } = await startPool([{ id: "a", port: appPort }]);
    const answers = ask(port);
    await eventually(async () => (await queued()) >= REQUESTS - WORKERS);
    const app = await startApp(appPort);
    await eventually(() => app.open() === REQUESTS);
    for (let i = 0; i < REQUESTS; i++) app.answer();
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/ok$/);
    expect(app.served()).toBe(REQUESTS);
  });

  test("it never has more than its limit, and each request once", async () => {
    const appPort = await deadPort();
    const { port, queued } = await startPool([{ id: "a", port: appPort }], 2);
    const answers = ask(port);
    await eventually(async () => (await queued()) >= REQUESTS - WORKERS);
    const app = await startApp(appPort);
    for (let i = 0; i < REQUESTS; i++) {
      await eventually(() => app.open() > 0);
      // What must not happen would come now.
      await new Promise((resolve) => setTimeout(resolve, 5));
      app.answer();
    }
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/ok$/);
    expect(app.most()).toBeLessThanOrEqual(2);
    expect(app.served()).toBe(REQUESTS);
  });

  test("a worker that is killed meanwhile takes its own requests only: the place that it tried with is free again", async () => {
    const appPort = await deadPort();
    const { pool, port, queued } = await startPool([{ id: "a", port: appPort }], 1);
    const answers = ask(port);
    await eventually(async () => (await queued()) >= REQUESTS - WORKERS);
    const [victim] = pool.threads;
    await victim?.kill();
    await eventually(() => pool.threads.length === WORKERS && !pool.threads.includes(victim as never));
    const app = await startApp(appPort);
    const left = async () => (await queued()) > 0 || app.open() > 0;
    while (await left()) {
      app.answer();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const ends = await Promise.all(answers);
    expect(ends.filter((end) => end === "" || end.endsWith("ok"))).toHaveLength(REQUESTS);
    expect(ends.filter((end) => end.endsWith("ok"))).toHaveLength(app.served());
    expect(app.served()).toBeGreaterThan(0);
    expect(app.most()).toBe(1);
  });

  test("of two prepared ones they let one go, whoever is first, and all give it what waits, although its gate is closed by then", async () => {
    const folder = await tempDir("ebb-gates-");
    onTestFinished(() => folder.remove());
    let gone = 0;
    const gateOf = async (name: string) => {
      const gate = join(folder.path, name, "gate");
      execFileSync("mkdir", [join(folder.path, name)]);
      execFileSync("mkfifo", [gate]);
      const child = spawn("/bin/sh", ["-c", `exec 3<>"$0"; echo waiting; read line <&3; exec 3>&-; echo gone; exec sleep 60`, gate], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      onTestFinished(() => void child.kill());
      await once(child.stdout, "data");
      child.stdout.on("data", () => gone++);
      return gate;
    };
    const ports = [await deadPort(), await deadPort()];
    const starting = [
      { id: "a", port: ports[0] ?? 0, gateFile: await gateOf("a") },
      { id: "b", port: ports[1] ?? 0, gateFile: await gateOf("b") },
    ];
    const { port, wakes, queued } = await startPool(starting);
    const answers = ask(port);
    await eventually(async () => (await queued()) > 0 && gone > 0 && wakes.length > 0);
    const app = await startApp(ports[0] ?? 0);
    await eventually(() => app.open() === REQUESTS);
    for (let i = 0; i < REQUESTS; i++) app.answer();
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/ok$/);
    expect(gone).toBe(1);
  });
});
