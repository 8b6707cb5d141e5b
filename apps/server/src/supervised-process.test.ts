import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger, systemClock } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test, vi } from "vitest";
import { SupervisedProcess } from "./supervised-process.ts";

/** A child that leaves `loaded` beside its program when it has been loaded, and `started` when it is told to start. */
const PROGRAM = `
  import { writeFileSync } from "node:fs";
  const leave = (name) => writeFileSync(new URL(name, import.meta.url), "");
  process.once("message", () => {
    leave("started");
    process.send({ type: "ready", facts: {} });
  });
  leave("loaded");
`;

async function supervised(program = PROGRAM) {
  const { path, remove } = await tempDir();
  const entry = join(path, "child.mjs");
  await mkdir(join(path, "logs"));
  await writeFile(entry, program);
  const options = { name: "child", entry, dataDir: path, logsDir: join(path, "logs"), clock: systemClock, log: silentLogger };
  const child = new SupervisedProcess(options);
  onTestFinished(async () => {
    await child.stop();
    await remove();
  });
  return { child, left: (name: string) => existsSync(join(path, name)) };
}

test("what is loaded does nothing until it is started", async () => {
  const { child, left } = await supervised();
  child.load();
  await vi.waitFor(() => expect(left("loaded")).toBe(true), { timeout: 10_000 });
  expect(left("started")).toBe(false);
  const { pid } = child;
  await child.start();
  expect(left("started")).toBe(true);
  expect(child.pid).toBe(pid);
});

test("what ends before it is started fails its start, and is not started again", async () => {
  const { child } = await supervised("process.exit(3);");
  child.load();
  await vi.waitFor(() => expect(child.pid).toBeUndefined(), { timeout: 10_000 });
  await expect(child.start()).rejects.toThrow("child ended before it was ready (exit code 3)");
  expect(child.pid).toBeUndefined();
});

test("what was loaded and stopped without being started has ended", async () => {
  const { child, left } = await supervised();
  child.load();
  await vi.waitFor(() => expect(left("loaded")).toBe(true), { timeout: 10_000 });
  await child.stop();
  expect(child.pid).toBeUndefined();
});
