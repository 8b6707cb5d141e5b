import { spawn } from "node:child_process";
import { once } from "node:events";
import { VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import { GoneWatch } from "./gone-watch.ts";

test("tells all who wait that a process is gone, and looks no more when nobody waits", async () => {
  const clock = new VirtualClock();
  const watch = new GoneWatch(clock);
  const child = spawn("sleep", ["60"]);
  const pid = child.pid ?? 0;
  const told: string[] = [];
  const waits = ["a", "b"].map((name) => watch.gone(pid).then(() => told.push(name)));
  await clock.advance(200);
  expect(told).toEqual([]);
  child.kill("SIGKILL");
  await once(child, "exit");
  await clock.advance(100);
  await Promise.all(waits);
  expect(told).toEqual(["a", "b"]);
  expect(clock.pending).toBe(0);
});

test("closed, it tells nobody and leaves no timer", async () => {
  const clock = new VirtualClock();
  const watch = new GoneWatch(clock);
  void watch.gone(process.pid);
  expect(clock.pending).toBe(1);
  watch.close();
  expect(clock.pending).toBe(0);
});
