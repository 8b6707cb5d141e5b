import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { constants, openSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { eventually, freePorts, tempDir } from "@ebb/testkit";
import { afterAll, expect, test } from "vitest";
import { NodeGate } from "./gate.ts";

const folder = await tempDir("ebb-gate-");
afterAll(() => folder.remove());
const gate = new NodeGate(folder.path);
/** Tells what it sees, and then what a child and a worker of it see. */
const PROGRAM = `
const loaded = Object.keys(require.cache).filter((path) => path !== __filename);
const tell = (who) =>
  console.log(who, JSON.stringify([process.execArgv, process.env.EBB_GATE ?? null, process.env.GREETING, loaded]));
if (process.argv[2] === "child") return tell("child");
const { isMainThread, Worker } = require("node:worker_threads");
if (!isMainThread) return tell("worker");
tell("main");
require("node:child_process").fork(__filename, ["child"]).once("exit", () => new Worker(__filename));
`;

const LISTENS = join(folder.path, "listens");

const program = join(folder.path, "program.cjs");
writeFileSync(program, PROGRAM);

function start(path = program, env: Record<string, string> = {}) {
  const launch = gate.before({ command: ["node", path], cwd: folder.path, env: { GREETING: "hi", ...env } }, LISTENS);
  const [, ...args] = launch?.command ?? [];
  const child = spawn(process.execPath, args, { env: launch?.env ?? {}, stdio: ["ignore", "pipe", "inherit", "pipe"] });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return { child, line: child.stdio[3] as Writable, output: () => output };
}

test("the program begins when the line comes, and neither it nor its children and workers see anything of the gate", async () => {
  const { child, line, output } = start();
  line.write("");
  expect(output()).toBe("");
  line.end("go\n");
  await once(child, "exit");
  const seen = JSON.stringify([[], null, "hi", []]);
  expect(output()).toBe(`main ${seen}\nchild ${seen}\nworker ${seen}\n`);
});

test("says once that the program listens at its port, not at another one, and is no subscriber any more", async () => {
  const program = join(folder.path, "listens.cjs");
  writeFileSync(
    program,
    `const { createServer } = require("node:http");
const isTold = () => require("node:diagnostics_channel").hasSubscribers("tracing:net.server.listen:asyncEnd");
const other = createServer().listen(0, "127.0.0.1", () => {
  const before = isTold();
  const server = createServer().listen(process.env.PORT, "127.0.0.1", () => {
    console.log(before, isTold());
    server.close();
    other.close();
  });
});`,
  );
  execFileSync("mkfifo", [LISTENS]);
  const ear = new Socket({ fd: openSync(LISTENS, constants.O_RDWR | constants.O_NONBLOCK), readable: true, writable: false });
  let heard = "";
  ear.on("data", (chunk: Buffer) => (heard += chunk.toString()));
  const [port = 0] = await freePorts(1);
  const { child, line, output } = start(program, { PORT: String(port) });
  line.end("go\n");
  await once(child, "close");
  await eventually(() => heard !== "");
  ear.destroy();
  expect([output(), heard]).toEqual(["true false\n", "\n"]);
});

test("without anybody who could send the line it ends, and the program never begins", async () => {
  const { child, line, output } = start();
  line.destroy();
  expect(await once(child, "exit")).toEqual([125, null]);
  expect(output()).toBe("");
});

test("what the toolchain's Node.js does not start itself has no such gate", () => {
  expect(gate.before({ command: ["./bin/node", "server.js"], cwd: "/", env: {} }, LISTENS)).toBeUndefined();
  expect(gate.before({ command: ["npm", "start"], cwd: "/", env: {} }, LISTENS)).toBeUndefined();
  expect(gate.before({ command: [], cwd: "/", env: {} }, LISTENS)).toBeUndefined();
});

test.each([
  ["an option before the program", ["--require", "./trace.js", "server.js"], {}],
  ["one with its value", ["--import=./trace.mjs", "server.js"], {}],
  ["the short one", ["-r", "./trace.js", "server.js"], {}],
  ["the environment", ["server.js"], { NODE_OPTIONS: "--enable-source-maps --require ./trace.js" }],
])("what loads something of its own before the program has none either: %s", (_, args, env) => {
  expect(gate.before({ command: ["node", ...args], cwd: "/", env }, LISTENS)).toBeUndefined();
});

test("other options are kept, and the exit code is the program's", async () => {
  const program = join(folder.path, "exits.mjs");
  writeFileSync(
    program,
    `process.stdout.write(JSON.stringify([process.execArgv, process.argv.slice(2), import.meta.main ?? true]), () => process.exit(7));`,
  );
  const [, ...args] =
    gate.before({ command: ["node", "--max-old-space-size=64", program, "x"], cwd: "/", env: {} }, LISTENS)?.command ?? [];
  const child = spawn(process.execPath, args, { env: { EBB_GATE: LISTENS }, stdio: ["ignore", "pipe", "inherit", "pipe"] });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  (child.stdio[3] as Writable).end("go\n");
  expect(await once(child, "close")).toEqual([7, null]);
  expect(output).toBe(JSON.stringify([["--max-old-space-size=64"], ["x"], true]));
});
