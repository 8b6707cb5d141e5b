import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually, tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test, vi } from "vitest";
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

/**
 * Runs in a process of its own, whose engine has seen nothing yet, and prints whether a method is compiled before and after. By the engine's own word (v8's
 * src/runtime/runtime.h, OptimizationStatus): `kOptimized`, `kMaglevved`, `kTurboFanned`, `kBaseline`.
 */
const PROGRAM = `
  import { silentLogger, systemClock, systemRandom } from "@ebb/base";
  import { Exchange } from "./core/exchange.ts";
  import { rehearse } from "./rehearsal.ts";
  const isCompiled = () => (%GetOptimizationStatus(Exchange.prototype.upstreamReady) & ((1 << 4) | (1 << 5) | (1 << 6) | (1 << 15))) !== 0;
  const before = isCompiled();
  const own = { clock: systemClock, random: systemRandom, log: silentLogger, accessLog: undefined, counts: undefined, ownCertificate: undefined };
  await rehearse({ ...own, listeners: [], limits: {}, transport: "native", traceSampling: 1 }, new AbortController().signal);
  console.log(JSON.stringify([before, isCompiled()]));
`;

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

test("what a wake runs is compiled afterwards", async () => {
  const args = ["--allow-natives-syntax", "--input-type=module", "--eval", PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  expect(JSON.parse(stdout)).toEqual([false, true]);
});

test("nothing is left of it, and nothing of it is logged", async () => {
  const folder = await temporary();
  const accessLog = vi.fn<NonNullable<ServingOptions["accessLog"]>>();
  const warn = vi.fn<typeof silentLogger.warn>();
  await rehearse(options({ accessLog, log: { ...silentLogger, warn } }), new AbortController().signal);
  expect(warn).not.toHaveBeenCalled();
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

/** A wake whose connection never begins, for as long as the rehearsal has patience. */
const HANGING = { upstreamConnections: 0, connectTimeout: 600_000 };

test("one that hangs is given up, and said", async () => {
  const warn = vi.fn<typeof silentLogger.warn>();
  await rehearse(options({ limits: { ...HANGING, stopGrace: 100 }, log: { ...silentLogger, warn } }), new AbortController().signal);
  expect(warn).toHaveBeenCalledOnce();
});

test.each([1, 2])(
  "a gateway that is stopped ends its rehearsal at once, wherever it is, and leaves nothing of it: %i of workers",
  async (workers) => {
    const folder = await temporary();
    const warn = vi.fn<typeof silentLogger.warn>();
    const { gateway } = await startWith([], {}, { workers, limits: HANGING, log: { ...silentLogger, warn } });
    const rehearsals = () => readdirSync(folder).filter((name) => name.includes("rehearsal-"));
    const rehearsed = gateway.settle();
    await eventually(() => rehearsals().some((name) => readFileSync(join(folder, name, "freezer.state"), "utf8") === "THAWED"));
    await gateway.stop();
    await rehearsed;
    expect(rehearsals()).toEqual([]);
    // One that had come to its end would have said so.
    expect(warn).not.toHaveBeenCalledWith(expect.anything(), expect.stringContaining("rehearse"));
  },
);

test("a gateway serves while it rehearses, and counts none of it", async () => {
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
