import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, statfsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { createLogger } from "./logger.ts";

async function folder(): Promise<string> {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  return path;
}

test("a disk that is full does not end the process", async () => {
  const path = await folder();
  symlinkSync("/dev/full", join(path, "cluster.log"));
  const { log } = createLogger(path, "cluster", systemClock);
  log.error({}, "nobody can read this");
  // An error that nobody hears comes in a turn of its own.
  await new Promise((resolve) => setImmediate(resolve));
});

test.skipIf(process.getuid?.() !== 0)("what was said meanwhile is written once there is space", async () => {
  const path = await folder();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path]);
  onTestFinished(() => void execFileSync("umount", ["-l", path]));
  const { log } = createLogger(path, "cluster", systemClock);
  log.info({}, "before");
  fill(path);
  for (let i = 0; i < 50; i++) log.info({ i, text: "x".repeat(200) }, "meanwhile");
  rmSync(join(path, "filling"));
  log.info({}, "after");
  const lines = readFileSync(join(path, "cluster.log"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { msg: string; i?: number });
  expect(lines.map((line) => line.i ?? line.msg)).toEqual(["before", ...Array.from({ length: 50 }, (_, i) => i), "after"]);
});

function fill(path: string): void {
  const { bavail, bsize } = statfsSync(path);
  writeFileSync(join(path, "filling"), Buffer.alloc(bavail * bsize));
}
