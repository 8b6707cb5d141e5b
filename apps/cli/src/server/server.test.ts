import { spawn } from "node:child_process";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@ebb/base";
import { createClient } from "@ebb/api/client";
import { tempDir } from "@ebb/testkit";
import { PassThrough } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { createContext } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import type { Host } from "../host.ts";
import { problem, startPlatform, TOKEN } from "../testing/platform.ts";
import { run } from "../testing/run.ts";
import { parseEvent, tailLines } from "./events.ts";
import { deployExamples } from "./examples.ts";
import { serverProcess } from "./process.ts";

async function folder(): Promise<string> {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  return path;
}

test("lines are read as they are written, halves and multi-byte characters included, until the writer has ended", async () => {
  const path = join(await folder(), "events");
  let ended = false;
  const lines: string[] = [];
  const writeRest = async () => {
    await appendFile(path, "last\nunfinished");
    ended = true;
  };
  const reading = (async () => {
    for await (const line of tailLines(path, { clock: systemClock, signal: new AbortController().signal, ended: () => ended })) {
      lines.push(line);
      if (lines.length === 2) await writeRest();
    }
  })();
  const text = Buffer.from("one\nzwölf\n");
  // Cut in the middle of the ö.
  await writeFile(path, text.subarray(0, 7));
  await appendFile(path, text.subarray(7));
  await reading;
  expect(lines).toEqual(["one", "zwölf", "last"]);
});

test("only events are events", () => {
  expect(parseEvent('{"event":"stopped"}')).toEqual({ event: "stopped" });
  expect(["", "(node:1) Warning", "[1]", "null", '{"x":1}'].map(parseEvent)).toEqual(Array(5).fill(undefined));
});

test("a process id that was used again is not taken for the server", async () => {
  const path = await folder();
  await mkdir(join(path, "run"));
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  onTestFinished(() => void child.kill());
  const stat = await readFile(`/proc/${child.pid}/stat`, "utf8");
  const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  const lock = (value: string) => writeFile(join(path, "run/supervisor.json"), JSON.stringify({ pid: child.pid, startTime: value }));
  await writeFile(join(path, "run/server.json"), JSON.stringify({ pid: child.pid, platform: "http://127.0.0.1:1" }));
  await lock("1");
  expect(await serverProcess(path)).toBe(undefined);
  expect((await run(["down", "--data", path])).stdout).toContain("is not running");
  expect(child.exitCode ?? child.signalCode).toBe(null);
  await lock(startTime);
  expect(await serverProcess(path)).toBe(child.pid);
});

test("while it starts, commands say so; down stops it and waits", async () => {
  const path = await folder();
  await mkdir(join(path, "run"));
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  onTestFinished(() => void child.kill());
  const stat = await readFile(`/proc/${child.pid}/stat`, "utf8");
  const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  await writeFile(join(path, "run/supervisor.json"), JSON.stringify({ pid: child.pid, startTime }));
  expect(await run(["apps", "--data", path])).toMatchObject({ code: EXIT.unreachable, stderr: expect.stringContaining("is starting") });
  expect(await run(["down", "--data", path])).toMatchObject({ code: EXIT.ok, stderr: expect.stringContaining("has stopped") });
  expect(child.signalCode).toBe("SIGTERM");
});

test("examples are deployed by themselves: one that cannot be does not stop the others", async () => {
  const path = await folder();
  for (const [file, text] of Object.entries({
    "good/package.json": "{}",
    "image/Containerfile": "FROM x",
    "lost/go.mod": "module x",
    "README.md": "",
  })) {
    if (file.includes("/")) await mkdir(join(path, file, ".."));
    await writeFile(join(path, file), text);
  }
  await mkdir(join(path, "void"));
  const platform = await startPlatform();
  const stderr = new PassThrough();
  const host = {
    stderr,
    stdout: new PassThrough(),
    stdin: new PassThrough(),
    env: { PATH: "" },
    clock: systemClock,
    cwd: "/",
    home: "/",
    uid: 1,
    interrupted: new AbortController().signal,
  } satisfies Host;
  const deploy = async () => deployExamples(await createContext(host, {}), createClient({ baseUrl: platform.url, token: TOKEN }), path);
  await deploy();
  expect(platform.calls.filter((call) => call.method === "POST").map((call) => call.url)).toEqual(["/api/v1/deployments?defaultName=good"]);
  platform.answer("POST /deployments", (reply) => problem(reply, 507, "disk_full"));
  await deploy();
  const text = String(stderr.read());
  for (const line of [
    "✓ example hello",
    "example image is left out",
    "example lost is left out: go is not installed",
    "✗ example void: there is nothing",
    "✗ example good: refused: disk_full",
  ]) {
    expect(text).toContain(line);
  }
});
