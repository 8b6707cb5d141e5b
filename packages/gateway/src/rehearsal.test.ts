import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test, vi } from "vitest";
import { Exchange } from "./core/exchange.ts";
import { rehearse } from "./rehearsal.ts";
import { Serving, type ServingOptions } from "./serving.ts";
import { backend, exchange, get, rawServer, rule, startWith } from "./test-gateway.ts";

function options(more: Partial<ServingOptions> = {}): ServingOptions {
  return {
    listeners: [{ host: "127.0.0.1", port: 0, visibility: "external" }],
    ownCertificate: undefined,
    limits: { stopGrace: 100 },
    transport: "native",
    traceSampling: 1,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    accessLog: undefined,
    counts: undefined,
    ...more,
  };
}

/** By the engine's own word (v8's src/runtime/runtime.h, OptimizationStatus): `kOptimized`, `kMaglevved`, `kTurboFanned`, `kBaseline`. */
function isCompiled(method: unknown): boolean {
  setFlagsFromString("--allow-natives-syntax");
  const statusOf = runInThisContext("(f) => %GetOptimizationStatus(f)") as (f: unknown) => number;
  const status = statusOf(method);
  setFlagsFromString("--no-allow-natives-syntax");
  return (status & ((1 << 4) | (1 << 5) | (1 << 6) | (1 << 15))) !== 0;
}

/** Where temporary folders go meanwhile. */
async function temporary(): Promise<string> {
  const { path, remove } = await tempDir("ebb-rehearsal-test-");
  vi.stubEnv("TMPDIR", path);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await remove();
  });
  return path;
}

test("what a wake runs is compiled afterwards, and nothing is left of it", async () => {
  const folder = await temporary();
  const accessLog = vi.fn<NonNullable<ServingOptions["accessLog"]>>();
  expect(isCompiled(Exchange.prototype.upstreamReady)).toBe(false);
  await rehearse(options({ accessLog }), new AbortController().signal);
  expect(isCompiled(Exchange.prototype.upstreamReady)).toBe(true);
  expect(accessLog).not.toHaveBeenCalled();
  expect(readdirSync(folder)).toEqual([]);
});

test("a gateway that cannot says so, and serves", async () => {
  vi.stubEnv("TMPDIR", "/nowhere");
  onTestFinished(() => void vi.unstubAllEnvs());
  const warn = vi.fn<typeof silentLogger.warn>();
  await rehearse(options({ log: { ...silentLogger, warn } }), new AbortController().signal);
  expect(warn).toHaveBeenCalledOnce();
});

test("a gateway serves while it rehearses, counts none of it, and ends it when it is stopped", async () => {
  const folder = await temporary();
  const app = await rawServer((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  const { gateway, port, wakes } = await startWith([app.port]);
  const rehearsed = gateway.settle();
  expect(await exchange(port, get())).toMatch(/ok$/);
  await gateway.stop();
  await rehearsed;
  expect(gateway.totals()).toMatchObject({ requests: { "http/1.1": 1 }, held: 0 });
  expect(wakes).toEqual([]);
  expect(readdirSync(folder).filter((name) => name.includes("rehearsal"))).toEqual([]);
});

test("a frozen instance is woken over the connection that was begun before it was thawed, and no other", async () => {
  const folder = await temporary();
  const thawFile = join(folder, "freezer.state");
  writeFileSync(thawFile, "");
  const thawed: string[] = [];
  const app = await rawServer((socket) => {
    thawed.push(readFileSync(thawFile, "utf8"));
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const serving = new Serving(options());
  onTestFinished(() => serving.stop());
  const frozen = [{ id: "a", host: "127.0.0.1", port: app.port, thawFile }];
  serving.load({
    routes: [{ key: "ns/app", hash: "", hosts: [rule("app.test", "ns/app")] }],
    backends: [backend("ns/app", [], { frozen })],
    certificates: [],
  });
  await serving.listen();
  expect(await exchange(serving.addresses()[0]?.port ?? 0, get())).toMatch(/ok$/);
  expect([thawed, app.connections.length]).toEqual([["THAWED"], 1]);
});
