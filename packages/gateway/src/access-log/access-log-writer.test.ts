import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger } from "@ebb/base";
import { tempDir, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import type { AccessLogEntry } from "../core/access-log.ts";
import { seededRandom } from "../test-gateway.ts";
import { AccessLogWriter, type AccessLogOptions } from "./access-log-writer.ts";

async function start(options: Partial<AccessLogOptions> = {}) {
  const folder = await tempDir("ebb-access-log-");
  onTestFinished(folder.remove);
  const path = join(folder.path, "access.log");
  const writer = new AccessLogWriter({ path, share: 1, clock: new VirtualClock(), random: seededRandom(1), log: silentLogger, ...options });
  await writer.start();
  onTestFinished(() => writer.stop());
  const lines = async (of = path) =>
    (await readFile(of, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { writer, path, lines };
}

function entry(more: Partial<AccessLogEntry> = {}): AccessLogEntry {
  return {
    time: 1,
    method: "GET",
    host: "app.test",
    path: '/a"b\u00e9',
    protocol: "http/1.1",
    status: 200,
    outcome: "complete" as const,
    revision: "ns/app",
    endpoint: "i-1",
    durationMs: 1.5,
    waitedMs: 0,
    requestBytes: 0,
    responseBytes: 13,
    remoteAddress: "127.0.0.1",
    requestId: "r",
    traceId: "t",
    spanId: "s",
    ...more,
  };
}

test("one line of JSON for each request, in order, in a file of its owner's", async () => {
  const { writer, path, lines } = await start();
  writer.write(entry());
  writer.write(entry({ path: "/second\n" }));
  await writer.flush();
  expect(await lines()).toEqual([entry(), entry({ path: "/second\n" })]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("a share of them is written, and every failure", async () => {
  const { writer, lines } = await start({ share: 0.1 });
  for (let i = 0; i < 1000; i++) writer.write(entry());
  for (let i = 0; i < 20; i++) writer.write(entry(i % 2 === 0 ? { status: 503 } : { outcome: "cut" }));
  await writer.flush();
  const all = await lines();
  expect(all.filter(({ status, outcome }) => status === 503 || outcome === "cut")).toHaveLength(20);
  expect(all.length).toBeGreaterThan(70);
  expect(all.length).toBeLessThan(180);
});

test("files are bounded: the one before is kept, and none before that", async () => {
  const { writer, path, lines } = await start({ maxFileBytes: 1000 });
  for (let i = 0; i < 30; i++) {
    writer.write(entry({ requestId: `${i}` }));
    await writer.flush();
  }
  expect((await stat(path)).size + (await stat(`${path}.1`)).size).toBeLessThan(3000);
  const kept = [...(await lines(`${path}.1`)), ...(await lines())].map(({ requestId }) => Number(requestId));
  expect(kept.at(-1)).toBe(29);
  expect(kept).toEqual(kept.map((_, i) => 30 - kept.length + i));
});

test("memory is bounded when the disk does not keep up, and the log says what it lacks", async () => {
  const { writer, lines } = await start({ maxQueuedBytes: 1000 });
  for (let i = 0; i < 100; i++) writer.write(entry());
  await writer.flush();
  const all = await lines();
  const written = all.filter(({ status }) => status === 200).length;
  expect(written).toBeLessThan(10);
  expect(all.at(-1)).toMatchObject({ dropped: 100 - written });
});

test("a disk that fails loses lines, never requests; it is said once the disk is back", async () => {
  const { writer, path, lines } = await start();
  await mkdir(path);
  writer.write(entry());
  await writer.flush();
  await rm(path, { recursive: true });
  writer.write(entry());
  await writer.flush();
  expect(await lines()).toMatchObject([{ status: 200 }, { dropped: 1 }]);
});

test("stop writes what is left", async () => {
  const { writer, lines } = await start();
  writer.write(entry());
  await writer.stop();
  expect(await lines()).toHaveLength(1);
});
