import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { eventually, tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import type { InstanceSpec } from "../port.ts";
import { createProcessDriver } from "./process-driver.ts";

const needsRoot = test.skipIf(process.getuid?.() !== 0);

/** Calls `TOLD`, so that each of its runs that has a network is counted; then listens, and tries to write where its cache is. */
const PROGRAM = `
const words = require("./words.js");
require("node:net").connect(process.env.TOLD, "127.0.0.1").on("error", () => {});
require("node:http").createServer().listen(process.env.PORT, process.env.HOST, () => {
  const cache = require("node:module").getCompileCacheDir();
  let written = "nothing";
  try {
    if (cache) written = require("node:fs").writeFileSync(cache + "/00000000", "mine") ?? "written";
  } catch (error) {
    written = error.code;
  }
  console.log("listens", words.length, cache ? "cached" : "plain", written);
});
`;
/** The cache of less is not kept. */
const WORDS = Array.from({ length: 8000 }, (_, i) => `a-word-of-its-own-${i}`);

async function place() {
  const folder = await tempDir("ebb-compiled-");
  const [root, bundle] = [join(folder.path, "instances"), join(folder.path, "bundle")];
  mkdirSync(join(bundle, "app"), { recursive: true });
  writeFileSync(join(bundle, "app", "server.js"), PROGRAM);
  writeFileSync(
    join(bundle, "app", "small.js"),
    'require("node:http").createServer().listen(process.env.PORT, process.env.HOST, () => console.log("listens"));',
  );
  writeFileSync(join(bundle, "app", "words.js"), `module.exports = ${JSON.stringify(WORDS)};`);
  writeFileSync(join(bundle, "bundle.json"), JSON.stringify({ schema: 1, name: "x", command: ["node", "server.js"], env: {} }));
  execFileSync("chmod", ["-R", "a+rX", bundle]);
  let told = 0;
  const listener = createServer((socket) => {
    told++;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const common = { root, toolchain: { node: process.execPath }, clock: systemClock, random: systemRandom, log: silentLogger };
  const open = () => createProcessDriver({ ...common, compileAfter: 1 });
  let driver = open();
  const started: string[] = [];
  onTestFinished(async () => {
    for (const id of started) await driver.stop(id, 0);
    await driver.close();
    listener.close();
    await folder.remove();
  });
  /** Its log's lines, once one says that it listens. */
  const start = async (changes: Partial<InstanceSpec> = {}) => {
    const spec: InstanceSpec = {
      id: `i-${systemRandom.suffix(8)}`,
      workload: "default/web",
      labels: {},
      artifact: { kind: "bundle", digest: "0", path: bundle },
      env: { TOLD: String((listener.address() as AddressInfo).port) },
      port: 8080,
      protocol: "http1",
      resources: {},
      readiness: { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
      terminationGraceSeconds: 1,
      ...changes,
    };
    started.push(spec.id);
    await driver.start(spec);
    return eventually(async () => {
      const lines: string[] = [];
      for await (const { text } of driver.logs(spec.id, {})) lines.push(text);
      return lines.some((line) => line.startsWith("listens")) ? lines : undefined;
    }, 30_000);
  };
  const compiled = (workload = "default/web") => join(root, ".compiled", encodeURIComponent(workload));
  const reopen = async () => {
    await driver.close();
    driver = open();
    await driver.list();
  };
  return { start, compiled, reopen, told: () => told, retain: (...keys: string[]) => driver.retain?.(new Set(keys)) };
}

/** Of the only cache that a version has. */
function entries(path: string): string[] {
  const inside = (folder: string) => readdirSync(folder).map((name) => join(folder, name));
  return inside(path).flatMap(inside).flatMap(inside);
}

needsRoot(
  "what a version's program compiles to is made once by a run without network, and serves its next instances, which cannot write it",
  async () => {
    const { start, compiled, reopen, told, retain } = await place();
    expect((await start()).at(-1)).toBe(`listens ${WORDS.length} plain nothing`);
    await eventually(() => existsSync(compiled()), 30_000);
    expect(told()).toBe(1);
    for (const path of entries(compiled())) expect([statSync(path).uid, statSync(path).mode & 0o777]).toEqual([0, 0o644]);
    const debug = { TOLD: "1", NODE_DEBUG_NATIVE: "COMPILE_CACHE" };
    const lines = await start({ env: debug });
    expect(lines.filter((line) => line.includes("words.js was accepted"))).toHaveLength(1);
    expect(lines.at(-1)).toBe(`listens ${WORDS.length} cached EACCES`);
    // Another version has none of it, even of the same bytes; nor has the same name with another artifact.
    expect((await start({ workload: "default/other" })).at(-1)).toContain("plain");
    await reopen();
    expect((await start()).at(-1)).toContain("cached");
    expect((await start({ args: ["other"] })).at(-1)).toContain("plain");
    expect((await start({ env: { TOLD: "1", NODE_DISABLE_COMPILE_CACHE: "1" } })).at(-1)).toContain("plain");
    retain("default/other");
    expect(existsSync(compiled())).toBe(false);
  },
  90_000,
);

needsRoot(
  "of a program that has hardly anything to compile none is kept",
  async () => {
    const { start, compiled } = await place();
    await start({ command: ["node", "small.js"] });
    await eventually(() => existsSync(compiled()), 30_000);
    expect(entries(compiled())).toEqual([]);
    const lines = await start({ command: ["node", "small.js"], env: { NODE_DEBUG_NATIVE: "COMPILE_CACHE" } });
    expect(lines).toEqual(["listens"]);
  },
  60_000,
);
