import { spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { systemClock } from "@ebb/base";
import { expect, onTestFinished, test } from "vitest";
import { openContainerSession } from "./container-session.ts";

test("ended while the engine starts its command, it lets go of the connection and kills the command once that has a process", async () => {
  const command = spawn("sleep", ["60"], { stdio: "ignore" });
  onTestFinished(() => void command.kill("SIGKILL"));
  const exit = once(command, "exit");
  const started = Promise.withResolvers<PassThrough>();
  // As Docker tells it: the connection is there before the process is.
  const begins = [
    { Running: false, Pid: 0, ExitCode: null },
    { Running: true, Pid: 0, ExitCode: null },
  ];
  let isStarted = false;
  const inspect = async () => (isStarted && begins.shift()) || { Running: isStarted, Pid: isStarted ? command.pid : 0, ExitCode: null };
  const exec = { start: () => started.promise, inspect };
  const container = { exec: () => Promise.resolve(exec) } as unknown as Docker.Container;
  const session = await openContainerSession(container, { command: ["sleep", "60"], stdin: true, terminal: true }, systemClock);
  await session.resize({ columns: 80, rows: 24 });
  session.end();
  expect(await session.ended).toBeGreaterThan(0);
  const connection = new PassThrough();
  isStarted = true;
  started.resolve(connection);
  expect(await exit).toEqual([null, "SIGKILL"]);
  expect(connection.destroyed).toBe(true);
  expect(connection.emit("error", new Error("reset"))).toBe(true);
});
