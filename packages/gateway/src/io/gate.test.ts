import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, tempDir, VirtualClock } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { hearListening, isGateFile, openGate } from "./gate.ts";

async function place(): Promise<string> {
  const folder = await tempDir("ebb-gate-");
  onTestFinished(() => folder.remove());
  return join(folder.path, "gate");
}

test("lets go what waits there", async () => {
  const gate = await place();
  execFileSync("mkfifo", [gate]);
  const child = spawn("/bin/sh", ["-c", `exec 3<>"$0"; echo waiting; read line <&3; echo "$line"`, gate], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  expect(openGate(gate)).toBe(true);
  expect(String((await once(child.stdout, "data"))[0])).toBe("go\n");
});

test("says that nothing waits there, and waits for nobody itself", async () => {
  const gate = await place();
  expect(openGate(gate)).toBe(false);
  execFileSync("mkfifo", [gate]);
  expect(openGate(gate)).toBe(false);
});

test("writes to nothing but a FIFO", async () => {
  const gate = await place();
  writeFileSync(gate, "precious");
  expect(openGate(gate)).toBe(false);
  const link = await place();
  symlinkSync(gate, link);
  expect(openGate(link)).toBe(false);
  expect(readFileSync(gate, "utf8")).toBe("precious");
});

test("hears once what was let go say that it listens, and nothing where there is nobody to say it", async () => {
  const gate = await place();
  let heard = 0;
  const clock = new VirtualClock();
  const hear = () => hearListening(gate, () => heard++, clock);
  hear();
  expect(clock.pending).toBe(0);
  const listens = join(gate, "..", "listens");
  execFileSync("mkfifo", [listens]);
  hear();
  expect([heard, clock.pending]).toEqual([0, 1]);
  writeFileSync(listens, "yes\nyes\n");
  await eventually(() => heard > 0 && clock.pending === 0);
  // Nobody listens at the other end any more.
  expect(openGate(listens)).toBe(false);
  expect(heard).toBe(1);
  hear();
  await clock.advance(2000);
  await eventually(() => !openGate(listens));
  expect(heard).toBe(1);
});

test.each([
  ["/data/instances/a/gate", true],
  ["/data/instances/a/stdout", false],
  ["/data/../etc/gate", false],
  ["data/gate", false],
])("%s may be one: %s", (path, may) => {
  expect(isGateFile(path)).toBe(may);
});
