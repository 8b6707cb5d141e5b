import { stat, readFile, readdir, truncate, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { silentLogger, systemClock } from "@ebb/base";
import { eventually, VirtualClock } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { createGatewayClient } from "./control/gateway-client.ts";
import { TableStore } from "./control/table-store.ts";
import type { RevisionStats } from "./control-protocol.ts";
import type { RouteEntry } from "./route-table.ts";
import { backend, exchange, get, rawClient, rawServer, rule, startGateway, startWith, type TestGateway } from "./test-gateway.ts";

const EMPTY = { routes: [], backends: [], certificates: [] };
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function app() {
  return rawServer((socket) => socket.write(OK));
}

function tablePath(test: TestGateway): string {
  return join(test.folder, "table.json");
}

async function newClient(test: TestGateway) {
  const client = createGatewayClient({ socketPath: join(test.folder, "gateway.sock"), clock: systemClock, log: silentLogger });
  onTestFinished(() => client.stop());
  await client.start();
  return client;
}

describe("the table on disk", () => {
  test("is served from at the next start, before any control plane", async () => {
    const instance = await app();
    const first = await startWith([instance.port]);
    await eventually(async () => (await readFile(tablePath(first), "utf8")).includes("app.test"));
    await first.client.stop();
    await first.gateway.stop();
    const second = await startGateway({ folder: first.folder, ports: [first.port, first.internalPort] });
    expect(await exchange(second.port, get())).toContain("200 OK");
    expect(second.client.connected).toBe(false);
    expect((await stat(tablePath(first))).mode & 0o777).toBe(0o600);
    expect(await readdir(first.folder)).not.toContain("table.json.new");
  });

  test("has a route when the control plane is told that it is in force: a kill does not bring an older split back", async () => {
    // Time stands still: nothing is written that is only due soon.
    const test = await startGateway({ clock: new VirtualClock() });
    test.client.begin();
    for (const hash of ["1", "2", "3"]) {
      await test.client.putRoute({ key: "ns/app", hash, hosts: [rule("app.test", "ns/app")] });
      expect(await readFile(tablePath(test), "utf8")).toContain(`"hash":"${hash}"`);
    }
    await test.client.removeRoute("ns/app");
    expect(
      (await new TableStore({ path: tablePath(test), clock: systemClock, log: silentLogger, table: () => EMPTY }).load()).routes,
    ).toEqual([]);
  });

  test("that cannot be read, or is of another format, is left out with a warning", async () => {
    const { folder } = await startGateway();
    const path = join(folder, "other.json");
    for (const content of ["", "{", "[]\n", '{"format":99,"table":{}}\n', '{"format":2}\n{"type":"route","seq":0,"route":{"key":1}}\n']) {
      await writeFile(path, content);
      let warnings = 0;
      const log = { ...silentLogger, warn: () => void warnings++ };
      expect(await new TableStore({ path, clock: systemClock, log, table: () => EMPTY }).load()).toEqual(EMPTY);
      expect(warnings).toBe(1);
    }
  });

  test("gives the table in force at any moment, through changes, rewrites and a last line that a crash cut off", async () => {
    const { folder } = await startGateway();
    const path = join(folder, "often.json");
    let seq = 0;
    const routes = new Map<string, RouteEntry>();
    const table = () => ({ ...EMPTY, routes: [...routes.values()] });
    const store = new TableStore({ path, clock: systemClock, log: silentLogger, table });
    const read = () => new TableStore({ path, clock: systemClock, log: silentLogger, table }).load();
    const wide = Array.from({ length: 500 }, (_, n) => rule(`h${n}.test`, "ns/a"));
    let rewrites = 0;
    let size = 0;
    for (let i = 1; i <= 60; i++) {
      const route = { key: `k${i % 7}`, hash: `${i}`, hosts: wide };
      routes.set(route.key, route);
      store.changed({ type: "route", seq: ++seq, route });
      if (i % 9 === 0) {
        routes.delete("k3");
        store.changed({ type: "route-removed", seq: ++seq, key: "k3" });
      }
      await store.save();
      expect(new Map((await read()).routes.map((entry) => [entry.key, entry.hash]))).toEqual(
        new Map([...routes].map(([key, entry]) => [key, entry.hash])),
      );
      const bytes = (await stat(path)).size;
      if (bytes < size) rewrites++;
      size = bytes;
    }
    // It is written anew now and then, not with each change.
    expect(rewrites).toBeGreaterThan(0);
    expect(rewrites).toBeLessThan(10);
    await store.stop();
    await truncate(path, size - 10);
    expect((await read()).routes.length).toBeGreaterThan(0);
  });
});

describe("the control plane", () => {
  test("sends nothing before `begin`: a restarted one does not empty a gateway that serves", async () => {
    const instance = await app();
    const test = await startWith([instance.port]);
    await test.client.stop();
    const client = await newClient(test);
    let applied = false;
    void client.putRoute({ key: "ns/new", hash: "h", hosts: [rule("new.test", "ns/app")] }).then(() => (applied = true));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([applied, client.connected]).toEqual([false, false]);
    expect(await exchange(test.port, get())).toContain("200 OK");
    void client.putBackend(backend("ns/app", [instance.port]));
    client.begin();
    await eventually(() => applied);
    expect(await exchange(test.port, get())).toContain("404");
    expect(await exchange(test.port, get().replace("app.test", "new.test"))).toContain("200 OK");
  });

  test("may die and come back: traffic flows, those who wait are woken for, and its stats go on", async () => {
    const instance = await app();
    const test = await startWith([instance.port]);
    await test.client.putBackend(backend("ns/asleep", []));
    await test.client.putRoute({ key: "ns/asleep", hash: "h", hosts: [rule("asleep.test", "ns/asleep")] });
    await test.client.stop();
    const waiting = exchange(test.port, get().replace("app.test", "asleep.test"));
    expect(await exchange(test.port, get())).toContain("200 OK");
    await eventually(() => test.gateway.totals().held === 1);
    const client = await newClient(test);
    const wakes: string[] = [];
    client.onWake.on((revision) => wakes.push(revision));
    await Promise.all([
      client.putRoute({ key: "ns/asleep", hash: "h", hosts: [rule("asleep.test", "ns/asleep")] }),
      client.putBackend(backend("ns/asleep", [])),
      Promise.resolve(client.begin()),
    ]);
    await eventually(() => wakes.includes("ns/asleep"));
    await client.putBackend(backend("ns/asleep", [instance.port]));
    expect(await waiting).toContain("200 OK");
  });

  test("survives the gateway's death: what it wants is in force at the next gateway, puts under way among it", async () => {
    const instance = await app();
    const first = await startWith([instance.port]);
    await first.gateway.stop();
    await eventually(() => !first.client.connected);
    let applied = false;
    void first.client.putRoute({ key: "ns/late", hash: "h", hosts: [rule("late.test", "ns/app")] }).then(() => (applied = true));
    const drained = first.client.drain("ns/app-nobody", 5);
    const second = await startGateway({ folder: first.folder });
    await second.client.stop();
    await eventually(() => applied);
    expect(await drained).toBe(0);
    expect(await exchange(second.port, get().replace("app.test", "late.test"))).toContain("200 OK");
  });

  test("that stops rejects what it did not get done", async () => {
    const client = createGatewayClient({ socketPath: "/nowhere/gateway.sock", clock: systemClock, log: silentLogger });
    await client.start();
    client.begin();
    const put = client.putBackend(backend("ns/a", []));
    const drain = client.drain("e", 1);
    await client.stop();
    for (const promise of [put, drain, client.removeRoute("x").then(() => client.putBackend(backend("ns/b", [])))]) {
      await expect(promise).rejects.toMatchObject({ code: "gateway_client_stopped" });
    }
  });

  test("takes routes and backends away; who waits for a deleted version is told", async () => {
    const test = await startWith([]);
    const waiting = exchange(test.port, get());
    await eventually(() => test.gateway.totals().held === 1);
    await test.client.removeBackend("ns/app");
    expect(await waiting).toMatch(/503 [^]*this version was deleted/);
    expect(await exchange(test.port, get())).toMatch(/503 [^]*no version of app\.test takes traffic/);
    await test.client.removeRoute("ns/app");
    expect(await exchange(test.port, get())).toContain("404");
  });

  test("two routes with one host: the first keeps it, the second has it when the first lets go", async () => {
    const [one, two] = [await app(), await app()];
    const test = await startWith([one.port]);
    await test.client.putBackend(backend("ns/two", [two.port]));
    await test.client.putRoute({ key: "ns/two", hash: "h", hosts: [rule("app.test", "ns/two")] });
    await exchange(test.port, get());
    await test.client.putRoute({ key: "ns/app", hash: "h2", hosts: [] });
    await exchange(test.port, get());
    expect([one.connections.length, two.connections.length]).toEqual([1, 1]);
  });
});

describe("the control socket", () => {
  test("is the owner's alone", async () => {
    const { folder } = await startGateway();
    expect((await stat(join(folder, "gateway.sock"))).mode & 0o777).toBe(0o600);
  });

  test("refuses what does not parse, and keeps serving", async () => {
    const instance = await app();
    const test = await startWith([instance.port]);
    await test.client.stop();
    const rule = { host: "app.test", visibility: "external", splits: [], setHeaders: { "X-A": "a\r\nX-Injected: b" } };
    const sync = JSON.stringify({
      type: "sync",
      seq: 1,
      table: { routes: [{ key: "k", hash: "h", hosts: [rule] }], backends: [], certificates: [] },
    });
    for (const line of ["nonsense", "{}", '{"type":"route","seq":1}', '{"type":"backend-removed","seq":1,"key":"ns/app"}', sync]) {
      const socket = connect(join(test.folder, "gateway.sock"));
      socket.write(`${line}\n`);
      socket.resume();
      await new Promise((resolve) => socket.once("close", resolve));
    }
    expect(await exchange(test.port, get())).toContain("200 OK");
  });

  test("a second gateway on it is refused", async () => {
    const { folder } = await startGateway();
    await expect(startGateway({ folder })).rejects.toMatchObject({ code: "gateway_running" });
  });
});

test("statistics: time-weighted concurrency with those who wait, and once more with zeros", async () => {
  const clock = new VirtualClock();
  const instance = await rawServer(() => {});
  const test = await startWith([instance.port], { containerConcurrency: 1 }, { clock });
  const reports: RevisionStats[] = [];
  test.client.onStats.on(({ revisions }) => reports.push(...revisions));
  const browsers = [await rawClient(test.port), await rawClient(test.port)];
  await clock.advance(500);
  for (const browser of browsers) browser.send(get());
  await eventually(() => test.gateway.totals().held === 1);
  await clock.advance(500);
  await eventually(() => reports.length === 1);
  expect(reports[0]).toMatchObject({ concurrency: 1, requests: 2, queued: 1, inFlight: 1, traffic: { responses: {}, held: 0 } });
  for (let i = 0; i < 2; i++) {
    await eventually(() => instance.received().split("GET").length === i + 2);
    instance.connections.at(-1)?.write(OK);
  }
  await Promise.all(browsers.map((browser) => browser.ended));
  await clock.advance(3_000);
  await eventually(() => reports.length === 2);
  expect(reports[1]).toMatchObject({ concurrency: 0, requests: 0, queued: 0, inFlight: 0, traffic: { responses: { "2xx": 2 }, held: 1 } });
  expect(reports[1]?.traffic.latency.reduce((sum, count) => sum + count)).toBe(2);
});
